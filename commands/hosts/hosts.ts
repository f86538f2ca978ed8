// Hosts: the machines that Vakt looks at over SSH; added, tried, listed and shown.
import { z } from 'zod'
import type { Button, Text } from '../../src/card.ts'
import { positional } from '../../src/command/command.ts'
import { NOT_REGISTERED } from '../../src/hosts/host.ts'
import { addHost, findHost, listHosts, refuseNewName } from '../../src/hosts/hosts.ts'
import { installLine, ownKey } from '../../src/hosts/ssh/own-key.ts'
import { Problem } from '../../src/problem.ts'
import { command, counted } from '../context.ts'
import { hostFields, hostLine, hostName, hostResult, installCode, shownStatus } from './host-card.ts'
import { draftHost, hostSettings } from './host-settings.ts'
import { needsKey, outcomeLines, trial } from './host-test.ts'

const PAGE = 20
const ADD: Button = {
  label: 'Add a host',
  line: 'hosts add',
  tone: 'primary',
  ask: ['name', 'address', 'tags', 'password', 'project'],
}

const add = command({
  name: 'hosts add',
  summary: 'Register a host, so that its containers and figures are seen',
  details:
    'Vakt signs in with its own key ("hosts key" shows the line that lets it in), unless --password, --key or --auth agent says otherwise. The host key is shown and pinned. For the machine that Vakt runs on, the address is the word local.',
  examples: [
    'hosts add web-1 deploy@web-1.example.org',
    'hosts add db-1 vakt@10.0.0.5:2222 --jump web-1',
    'hosts add here local',
  ],
  role: 'admin',
  args: {
    name: positional(z.string().trim().min(1).max(63)).describe('A name for the host'),
    address: positional(z.string().trim().min(1).max(300)).describe('user@address[:port], or local for this machine'),
    ...hostSettings(),
  },
  async run({ name, address, ...settings }, context) {
    const { state, fleet } = context
    refuseNewName(state, name, 'name')
    const draft = draftHost({ ...settings, address }, name, context)
    // Nothing is registered that never answered: the address is wrong more often than the host is down.
    const hostKey = draft.local
      ? null
      : (draft.hostKey ?? (await fleet.connections.hostKey({ ...draft, id: NOT_REGISTERED })))
    const host = addHost(state, { ...draft, hostKey })
    const tried = await trial(fleet, host)
    const current = findHost(state, host.name)
    return {
      card: {
        title: `The host ${host.name} is registered`,
        tone: tried instanceof Problem ? 'warning' : 'good',
        lines: [
          ...(host.hostKey === null
            ? []
            : [
                ['Its host key is pinned: ', { code: host.hostKey }] as Text,
                settings.trustKey === undefined
                  ? 'Compare it there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub (or the ecdsa or rsa one).'
                  : 'It is the one you gave.',
              ]),
          ...outcomeLines(tried, current),
        ],
        ...(needsKey(tried, host) ? { code: installCode(context) } : {}),
        buttons: [
          { label: 'Test', line: `hosts test ${host.name}` },
          ...(tried instanceof Problem ? [] : [{ label: 'Containers', line: `containers list --host ${host.name}` }]),
        ],
      },
      result: {
        host: hostResult(context, current),
        reached: !(tried instanceof Problem),
        public_key: ownKey(state, context.vault).publicKey,
      },
    }
  },
})

const test = command({
  name: 'hosts test',
  summary: 'Try to reach a host, and say what is there',
  examples: ['hosts test web-1'],
  role: 'responder',
  changes: false,
  args: { name: hostName().describe('Name of the host') },
  async run({ name }, context) {
    const host = findHost(context.state, name)
    const began = performance.now()
    const tried = await trial(context.fleet, host)
    if (tried instanceof Problem && !needsKey(tried, host)) throw tried
    const ms = Math.round(performance.now() - began)
    const current = findHost(context.state, name)
    return {
      card: {
        title: tried instanceof Problem ? `${name} refused Vakt` : `${name} answered in ${ms} ms`,
        tone: tried instanceof Problem || current.engineError !== null ? 'warning' : 'good',
        lines: outcomeLines(tried, current),
        ...(needsKey(tried, host) ? { code: installCode(context) } : { fields: hostFields(context, current) }),
        buttons: [{ label: 'Show', line: `hosts show ${name}` }],
      },
      result: { host: hostResult(context, current), reached: !(tried instanceof Problem), ms },
    }
  },
})

const list = command({
  name: 'hosts list',
  summary: 'Show the hosts and how they are',
  examples: ['hosts list', 'hosts list --tag prod'],
  role: 'viewer',
  args: {
    tag: z.string().max(40).optional().describe('Only hosts with this tag'),
    page: z.number().int().min(1).optional().describe('Which page'),
  },
  run({ tag, page = 1 }, context) {
    const found = listHosts(context.state).filter(host => tag === undefined || host.tags.includes(tag))
    const down = found.filter(host => shownStatus(host) === 'down').length
    const shown = found.slice((page - 1) * PAGE, page * PAGE)
    const inTag = tag === undefined ? '' : ` --tag ${tag}`
    const empty =
      tag !== undefined
        ? `No host has the tag ${tag}.`
        : found.length > 0
          ? 'There is no such page.'
          : 'There are none yet. Add one: hosts add web-1 deploy@web-1.example.org, or this machine: hosts add here local'
    const more = found.length > page * PAGE
    return {
      card: {
        title: `${counted(found.length, 'host')}${down > 0 ? `, ${down} down` : ''}`,
        tone: down > 0 ? 'warning' : 'plain',
        lines: shown.length > 0 ? shown.map(host => hostLine(context, host)) : [empty],
        buttons: [
          ...(page > 1 ? [{ label: 'Previous', line: `hosts list --page ${page - 1}${inTag}` }] : []),
          ...(more ? [{ label: 'Next', line: `hosts list --page ${page + 1}${inTag}` }] : []),
          ...(context.by.role === 'admin' && page === 1 ? [ADD] : []),
        ],
      },
      result: { hosts: found.map(host => hostResult(context, host)) },
    }
  },
})

const show = command({
  name: 'hosts show',
  summary: 'Show a host: how it is, its disks, how Vakt reaches it',
  examples: ['hosts show web-1'],
  role: 'viewer',
  args: { name: hostName().describe('Name of the host') },
  run({ name }, context) {
    const host = findHost(context.state, name)
    const status = shownStatus(host)
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
  summary: "Show Vakt's public key and the line that lets it in",
  details:
    'Run the line on the host as the user that Vakt signs in as. docs/hosts.md shows how to allow only what Vakt runs.',
  examples: ['hosts key', 'hosts key --jump'],
  role: 'admin',
  changes: false,
  args: { jump: z.boolean().optional().describe('For a host that others are reached through') },
  run({ jump = false }, context) {
    const { publicKey } = ownKey(context.state, context.vault)
    return {
      card: {
        title: "Vakt's SSH key",
        tone: 'plain',
        lines: ['Run this on each host, as the user that Vakt signs in as. It may run commands and nothing else.'],
        code: installCode(context, jump),
      },
      result: { public_key: publicKey, install: installLine(publicKey, jump) },
    }
  },
})

export const hostCommands = [add, list, show, test, key]
