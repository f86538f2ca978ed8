// Adds, tests, lists and shows hosts, the machines that Vakt watches over SSH.
import { z } from 'zod'
import type { Button, Text } from '../../src/card.ts'
import { positional } from '../../src/command/command.ts'
import { UNREGISTERED_HOST_ID } from '../../src/hosts/host.ts'
import { addHost, findHost, listHosts, refuseNewName } from '../../src/hosts/hosts.ts'
import { loadOrCreateOwnKey, writeInstallCommand } from '../../src/hosts/ssh/own-key.ts'
import { Problem } from '../../src/problem.ts'
import { plural } from '../../src/text.ts'
import { command } from '../context.ts'
import { hostFields, hostName, hostResult, hostRow, installCodeBlock, statusOf } from './host-card.ts'
import { draftHost, hostSettings } from './host-settings.ts'
import { needsKey, overJump, testHost, testLines } from './host-test.ts'

const PAGE_SIZE = 20
const ADD_BUTTON: Button = {
  label: 'Add a host',
  line: 'hosts add',
  tone: 'primary',
  ask: ['name', 'address', 'tags', 'password', 'project'],
  example: 'web-1 deploy@web-1.example.org',
}

const add = command({
  name: 'hosts add',
  summary: 'Add a host to watch its containers and metrics',
  details:
    'Vakt signs in with its own key ("hosts key" shows the line that allows it), or with --password, --key or --auth agent. It pins the host key and shows it. The address "local" stands for the machine that Vakt runs on.',
  examples: [
    'hosts add web-1 deploy@web-1.example.org',
    'hosts add db-1 vakt@10.0.0.5:2222 --jump web-1',
    'hosts add here local',
  ],
  role: 'admin',
  args: {
    name: positional(z.string().trim().min(1).max(63)).describe('Name of the host'),
    address: positional(z.string().trim().min(1).max(300)).describe('user@address[:port], or local for this machine'),
    ...hostSettings(),
  },
  async run({ name, address, ...settings }, context) {
    const { state, hostRuntime } = context
    refuseNewName(state, name, 'name')
    const draft = draftHost({ ...settings, address }, name, context)
    // A host that never answered is not added: most often its address is wrong.
    const hostKey = draft.local
      ? null
      : (draft.hostKey ??
        (await overJump(hostRuntime.connections, draft.jumpId ?? null, () =>
          hostRuntime.connections.fetchHostKey({ ...draft, id: UNREGISTERED_HOST_ID }),
        )))
    const host = addHost(state, { ...draft, hostKey })
    const tested = await testHost(hostRuntime, host)
    const current = findHost(state, host.name)
    return {
      card: {
        title: `Host ${host.name} added`,
        tone: tested instanceof Problem ? 'warning' : 'good',
        lines: [
          ...(host.hostKey === null
            ? []
            : [
                ['Its host key is pinned: ', { code: host.hostKey }] as Text,
                settings.trustKey === undefined
                  ? 'Compare it on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub (or the ecdsa or rsa key).'
                  : 'It matches --trust-key.',
              ]),
          ...testLines(tested, current),
        ],
        ...(needsKey(tested, host) ? { code: installCodeBlock(context) } : {}),
        buttons: [
          { label: 'Test', line: `hosts test ${host.name}` },
          ...(tested instanceof Problem ? [] : [{ label: 'Containers', line: `containers list --host ${host.name}` }]),
        ],
      },
      result: {
        host: hostResult(context, current),
        reached: !(tested instanceof Problem),
        public_key: loadOrCreateOwnKey(state, context.vault).publicKey,
      },
    }
  },
})

const test = command({
  name: 'hosts test',
  summary: 'Test the connection to a host and its container engine',
  examples: ['hosts test web-1'],
  role: 'responder',
  changes: false,
  args: { name: hostName().describe('Name of the host') },
  async run({ name }, context) {
    const host = findHost(context.state, name)
    const startedAt = performance.now()
    const tested = await testHost(context.hostRuntime, host)
    if (tested instanceof Problem && !needsKey(tested, host)) throw tested
    const ms = Math.round(performance.now() - startedAt)
    const current = findHost(context.state, name)
    return {
      card: {
        title: tested instanceof Problem ? `${name} refused Vakt` : `${name} answered in ${ms} ms`,
        tone: tested instanceof Problem || current.engineError !== null ? 'warning' : 'good',
        lines: testLines(tested, current),
        ...(needsKey(tested, host) ? { code: installCodeBlock(context) } : { fields: hostFields(context, current) }),
        buttons: [{ label: 'Show', line: `hosts show ${name}` }],
      },
      result: { host: hostResult(context, current), reached: !(tested instanceof Problem), ms },
    }
  },
})

const list = command({
  name: 'hosts list',
  summary: 'List the hosts with their status',
  examples: ['hosts list', 'hosts list --tag prod'],
  role: 'viewer',
  args: {
    tag: z.string().max(40).optional().describe('Only hosts with this tag'),
    page: z.number().int().min(1).optional().describe('Page number'),
  },
  run({ tag, page = 1 }, context) {
    const found = listHosts(context.state).filter(host => tag === undefined || host.tags.includes(tag))
    const down = found.filter(host => statusOf(host) === 'down').length
    const shown = found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    const tagFlag = tag === undefined ? '' : ` --tag ${tag}`
    const empty =
      tag !== undefined
        ? `No host has the tag ${tag}.`
        : found.length > 0
          ? 'This page does not exist.'
          : '"hosts add web-1 deploy@web-1.example.org" adds one, "hosts add here local" this machine.'
    const hasMore = found.length > page * PAGE_SIZE
    return {
      card: {
        title: found.length === 0 ? 'No hosts' : `${plural(found.length, 'host')}${down > 0 ? `, ${down} down` : ''}`,
        tone: down > 0 ? 'warning' : 'plain',
        ...(shown.length > 0 ? { rows: shown.map(host => hostRow(context, host)) } : { lines: [empty] }),
        page: {
          ...(page > 1 ? { previous: { label: 'Previous', line: `hosts list --page ${page - 1}${tagFlag}` } } : {}),
          ...(hasMore ? { next: { label: 'Next', line: `hosts list --page ${page + 1}${tagFlag}` } } : {}),
        },
        ...(context.by.role === 'admin' && page === 1 ? { buttons: [ADD_BUTTON] } : {}),
      },
      result: { hosts: found.map(host => hostResult(context, host)) },
    }
  },
})

const show = command({
  name: 'hosts show',
  summary: 'Show a host: status, usage, disks and connection',
  examples: ['hosts show web-1'],
  role: 'viewer',
  args: { name: hostName().describe('Name of the host') },
  run({ name }, context) {
    const host = findHost(context.state, name)
    const status = statusOf(host)
    const problem = host.error ?? host.engineError
    return {
      card: {
        title: `${host.name} is ${status}`,
        tone: status === 'down' ? 'critical' : problem === null ? 'good' : 'warning',
        lines: problem === null ? [] : [problem],
        fields: hostFields(context, host),
        buttons: [
          { label: 'Containers', line: `containers list --host ${host.name}` },
          { label: 'Graph', line: `hosts graph ${host.name}` },
          { label: 'Test', line: `hosts test ${host.name}` },
        ],
        footer: ['Added by ', host.addedBy, ' ', { time: host.addedAt, style: 'moment' }],
      },
      result: { host: hostResult(context, host) },
    }
  },
})

const key = command({
  name: 'hosts key',
  summary: "Show Vakt's public SSH key and the line that allows it on a host",
  details:
    'Run the line on the host as the user that Vakt signs in as. docs/hosts.md shows how to allow only the commands of Vakt.',
  examples: ['hosts key', 'hosts key --jump'],
  role: 'admin',
  changes: false,
  args: { jump: z.boolean().optional().describe('Also allow port forwarding, for a jump host') },
  run({ jump = false }, context) {
    const { publicKey } = loadOrCreateOwnKey(context.state, context.vault)
    return {
      card: {
        title: "Vakt's SSH key",
        tone: 'plain',
        lines: ['Run this on each host as the user that Vakt signs in as. The key may run commands and nothing else.'],
        code: installCodeBlock(context, jump),
      },
      result: { public_key: publicKey, install: writeInstallCommand(publicKey, jump) },
    }
  },
})

export const hostCommands = [add, list, show, test, key]
