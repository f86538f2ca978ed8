// Changing and removing hosts.
import { z } from 'zod'
import { updateHostAlerts } from '../../src/alerts/host-alerts.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { editHost, findHost, removeHost } from '../../src/hosts/hosts.ts'
import { invalid } from '../../src/problem.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, counted, yes } from '../context.ts'
import { hostFields, hostName, hostResult, shownStatus } from './host-card.ts'
import { hostChanges, hostSettings } from './host-settings.ts'

const edit = command({
  name: 'hosts edit',
  summary: 'Change how a host is reached, its tags, or whether it is looked at',
  details: '"none" takes a setting away: --jump none. A host that shows a new key is trusted again with --trust-key.',
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
      .describe('user@address[:port]; elsewhere, the key shown is pinned anew'),
    ...hostSettings(),
    rename: z.string().trim().min(1).max(63).optional().describe('A new name'),
    watch: z.enum(['on', 'off']).optional().describe('off: it is not looked at and not alerted about'),
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
    if (Object.keys(changes).length === 0) throw invalid('settings', 'Say what to change, such as --tags "web prod".')
    const elsewhere = ['address', 'port', 'local'] as const
    const moved =
      !(changes.local ?? host.local) &&
      changes.hostKey === undefined &&
      elsewhere.some(name => changes[name] !== undefined && changes[name] !== host[name])
    const hostKey = moved ? await context.fleet.connections.hostKey({ ...host, ...changes }) : undefined
    const edited = editHost(context.state, host.id, { ...changes, ...(hostKey === undefined ? {} : { hostKey }) })
    context.fleet.connections.forget(host.id)
    if (enabled === false) updateHostAlerts(context.state, host.id, context.now, context.by.name)
    return {
      card: {
        title: `${edited.name} is changed`,
        tone: 'good',
        lines: hostKey === undefined ? [] : [['Its host key is pinned: ', { code: hostKey }]],
        fields: hostFields(context, edited),
        buttons: shownStatus(edited) === 'off' ? [] : [{ label: 'Test', line: `hosts test ${edited.name}` }],
      },
      result: { host: hostResult(context, edited) },
    }
  },
})

const remove = command({
  name: 'hosts remove',
  summary: 'Remove a host with its containers and figures',
  examples: ['hosts remove web-1'],
  role: 'admin',
  args: { name: hostName().describe('Name of the host'), yes: yes() },
  run({ name, yes }, context: Context) {
    const { state, now, by, interactive, fleet } = context
    const host = findHost(state, name)
    const result = { host: hostResult(context, host) }
    if (interactive && !yes) {
      const containers = counted(listContainers(state, host.id).length, 'container')
      return confirmation(
        `Remove the host ${host.name}?`,
        [
          `Its figures and what is known of its ${containers} go with it; log lines stay. On the host nothing changes. "hosts edit ${host.name} --watch off" only stops looking.`,
        ],
        { line: `hosts remove ${host.name}` },
      )
    }
    removeHost(state, host)
    updateHostAlerts(state, host.id, now, by.name)
    fleet.connections.forget(host.id)
    return {
      card: {
        title: `The host ${host.name} is removed`,
        tone: 'muted',
        lines: host.local ? [] : ["Remember to take Vakt's key out of ~/.ssh/authorized_keys there."],
      },
      result,
    }
  },
})

export const hostChangeCommands = [edit, remove]
