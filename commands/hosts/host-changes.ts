// Changes and removes hosts.
import { z } from 'zod'
import { updateHostAlerts } from '../../src/alerts/host-alerts.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { editHost, findHost, removeHost } from '../../src/hosts/hosts.ts'
import { invalid } from '../../src/problem.ts'
import { plural } from '../../src/text.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, yes } from '../context.ts'
import { hostFields, hostName, hostResult, statusOf } from './host-card.ts'
import { hostChanges, hostSettings } from './host-settings.ts'

const edit = command({
  name: 'hosts edit',
  summary: 'Change the address, credentials, tags or watching of a host',
  details: '"none" clears a setting: --jump none. --trust-key pins the new key of a reinstalled host.',
  examples: [
    'hosts edit web-1 --tags "web prod"',
    'hosts edit web-1 --trust-key SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8',
    'hosts edit web-1 --watch off',
  ],
  role: 'admin',
  args: {
    name: hostName().describe('Name of the host'),
    address: z
      .string()
      .trim()
      .min(1)
      .max(300)
      .optional()
      .describe('New user@address[:port]; a new address pins its host key'),
    ...hostSettings(),
    rename: z.string().trim().min(1).max(63).optional().describe('New name'),
    watch: z.enum(['on', 'off']).optional().describe('off: collect no metrics and fire no alerts'),
  },
  async run({ name, rename, watch, ...settings }, context) {
    const host = findHost(context.state, name)
    const enabled = watch === undefined ? undefined : watch === 'on'
    const changes = {
      ...hostChanges(settings, context),
      ...(rename === undefined ? {} : { name: rename }),
      ...(enabled === undefined
        ? {}
        : { enabled, failures: 0, failingSince: null, error: null, status: 'new' as const }),
    }
    if (Object.keys(changes).length === 0)
      throw invalid('settings', 'Nothing to change. Add a setting, such as --tags "web prod".')
    const addressFields = ['address', 'port', 'local'] as const
    const hasMoved =
      !(changes.local ?? host.local) &&
      changes.hostKey === undefined &&
      addressFields.some(name => changes[name] !== undefined && changes[name] !== host[name])
    const hostKey = hasMoved ? await context.hostRuntime.connections.fetchHostKey({ ...host, ...changes }) : undefined
    const edited = editHost(context.state, host.id, { ...changes, ...(hostKey === undefined ? {} : { hostKey }) })
    context.hostRuntime.connections.disconnect(host.id)
    if (enabled === false) updateHostAlerts(context.state, host.id, context.now, context.by.name)
    return {
      card: {
        title: `${edited.name} changed`,
        tone: 'good',
        lines: hostKey === undefined ? [] : [['Its host key is pinned: ', { code: hostKey }]],
        fields: hostFields(context, edited),
        buttons: statusOf(edited) === 'off' ? [] : [{ label: 'Test', line: `hosts test ${edited.name}` }],
      },
      result: { host: hostResult(context, edited) },
    }
  },
})

const remove = command({
  name: 'hosts remove',
  summary: 'Remove a host with its containers and metrics',
  examples: ['hosts remove web-1'],
  role: 'admin',
  args: { name: hostName().describe('Name of the host'), yes: yes() },
  run({ name, yes }, context: Context) {
    const { state, now, by, interactive, hostRuntime } = context
    const host = findHost(state, name)
    const result = { host: hostResult(context, host) }
    if (interactive && !yes) {
      const containers = plural(listContainers(state, host.id).length, 'container')
      return confirmation(
        `Remove the host ${host.name}?`,
        [
          `This deletes its metrics and its ${containers} in Vakt. Log lines stay, and nothing changes on the host. "hosts edit ${host.name} --watch off" only stops the watching.`,
        ],
        { line: `hosts remove ${host.name}` },
      )
    }
    removeHost(state, host)
    updateHostAlerts(state, host.id, now, by.name)
    hostRuntime.connections.disconnect(host.id)
    return {
      card: {
        title: `Host ${host.name} removed`,
        tone: 'muted',
        lines: host.local ? [] : ["Also remove Vakt's key from ~/.ssh/authorized_keys there."],
      },
      result,
    }
  },
})

export const hostChangeCommands = [edit, remove]
