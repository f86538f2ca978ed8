// Log files and journals of hosts that are read into the log store.
import { z } from 'zod'
import { updateHostAlerts } from '../../src/alerts/host-alerts.ts'
import type { Button } from '../../src/card.ts'
import { findHost, listHosts } from '../../src/hosts/hosts.ts'
import { type Fetched, type LogFetcher, SOONEST } from '../../src/hosts/remote-logs/fetcher.ts'
import { usualSource } from '../../src/hosts/remote-logs/remote-log.ts'
import {
  addRemoteLog,
  editRemoteLog,
  listRemoteLogs,
  readRemoteLog,
  removeRemoteLog,
} from '../../src/hosts/remote-logs/remote-logs.ts'
import { silentLogger } from '../../src/logger.ts'
import { showLive } from '../../src/notifications/delivery/live-message.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { formatDuration, MINUTE, SECOND } from '../../src/time.ts'
import { type Context, command, counted, duration, projectName } from '../context.ts'
import { hostName } from './host-card.ts'
import { fetchedCard, leadsOn, lineOf, logResult, progressCard } from './host-log-card.ts'
import { findLog, logTarget, targetOf } from './host-log-target.ts'

const PAGE = 15
/** A fetch that takes longer is told as it goes. */
const SHORT = 3 * SECOND

const sourceName = () => z.string().trim().min(1).max(100).optional()

const add = command({
  name: 'hosts logs add',
  summary: 'Read a log file or the journal of a host into the log store',
  details:
    'It is fetched by SSH as it grows, over rotation, each line once. What is new is searched, watched and analysed like all other logs.',
  examples: [
    'hosts logs add web-1 --file /var/log/nginx/error.log',
    'hosts logs add fw-1 --journal "*" --every 5m --source firewall',
  ],
  role: 'admin',
  args: {
    host: hostName().describe('Name of the host'),
    ...logTarget,
    every: duration(SOONEST).optional().describe('How often, 1m unless said'),
    project: projectName().optional().describe('The project that its lines belong to'),
    source: sourceName().describe('The source of its lines'),
  },
  async run({ host: name, every = MINUTE, project, source, ...named }, context) {
    const { state, now, by } = context
    const fetcher = fetcherOf(context)
    const host = findHost(state, name)
    const { kind, target } = targetOf(named)
    const added = addRemoteLog(state, {
      ...{ hostId: host.id, kind, target, every, source: source ?? usualSource(kind, target) },
      projectId: project === undefined ? host.projectId : findProject(state, project).id,
      ...{ dueAt: now + every, addedAt: now, addedBy: by.name },
    })
    // What is wrong from the start is answered, and leaves nothing behind.
    const fetched = await fetcher.fetch(added).catch(error => {
      removeRemoteLog(state, added.id)
      throw error
    })
    fetcher.refresh()
    return {
      card: {
        title: `${target === '*' ? 'The journal' : target} of ${host.name} is read every ${formatDuration(every)}`,
        tone: 'good',
        lines: [
          fetched.lines > 0
            ? `${counted(fetched.lines, 'line')} from its end came at once, under the source ${added.source}.`
            : `Nothing is in it yet; what comes has the source ${added.source}.${kind === 'journal' && target !== '*' ? ` Should there be something, check the name with "systemctl list-units" on ${host.name}.` : ''}`,
        ],
        buttons: leadsOn(host, added),
      },
      result: { log: logResult(context, readRemoteLog(state, added.id) ?? added, host), fetched: fetched.lines },
    }
  },
})

const list = command({
  name: 'hosts logs list',
  summary: 'Show which log files and journals of hosts are read, and how that goes',
  examples: ['hosts logs list', 'hosts logs list web-1'],
  role: 'viewer',
  args: {
    host: hostName().optional().describe('Only of this host'),
    page: z.number().int().min(1).optional().describe('Which page'),
  },
  run({ host: name, page = 1 }, context) {
    const { state } = context
    const hosts = new Map(listHosts(state).map(host => [host.id, host]))
    const only = name === undefined ? undefined : findHost(state, name)
    const found = listRemoteLogs(state, only?.id)
    const shown = found.slice((page - 1) * PAGE, page * PAGE)
    const broken = found.filter(one => one.error !== null).length
    const empty = `None is read yet. hosts logs add ${only?.name ?? 'web-1'} --file /var/log/nginx/error.log`
    const turn = (label: string, to: number): Button => ({
      label,
      line: `hosts logs list ${only?.name ?? ''} --page ${to}`.replace('  ', ' '),
    })
    return {
      card: {
        title: `${counted(found.length, 'log')} of hosts${broken > 0 ? `, ${broken} in trouble` : ''}`,
        tone: broken > 0 ? 'warning' : 'plain',
        lines:
          shown.length > 0
            ? shown.map(one => lineOf(one, hosts.get(one.hostId)!))
            : [found.length > 0 ? 'There is no such page.' : empty],
        buttons: [
          ...(page > 1 ? [turn('Previous', page - 1)] : []),
          ...(found.length > page * PAGE ? [turn('Next', page + 1)] : []),
        ],
      },
      result: { logs: found.map(one => logResult(context, one, hosts.get(one.hostId)!)) },
    }
  },
})

const edit = command({
  name: 'hosts logs edit',
  summary: 'Change how often a log of a host is read, and what its lines belong to',
  details: 'It is read on from where it was. Lines that came before keep their source and project.',
  examples: ['hosts logs edit web-1 --file /var/log/nginx/error.log --every 5m --source nginx'],
  role: 'admin',
  args: {
    host: hostName().describe('Name of the host'),
    ...logTarget,
    every: duration(SOONEST).optional().describe('How often now'),
    project: projectName().optional().describe('The project that its lines belong to from now on'),
    source: sourceName().describe('The source of its lines from now on'),
  },
  run({ host: name, every, project, source, ...named }, context) {
    const { state, now } = context
    const host = findHost(state, name)
    const one = findLog(context, host, named)
    const changes = {
      ...(every === undefined ? {} : { every, dueAt: Math.min(one.dueAt, now + every) }),
      ...(project === undefined ? {} : { projectId: findProject(state, project).id }),
      ...(source === undefined ? {} : { source }),
    }
    if (Object.keys(changes).length === 0)
      throw invalid('settings', 'Say what to change: --every, --project or --source.')
    const edited = editRemoteLog(state, one.id, changes)
    context.logFetcher?.refresh()
    return {
      card: { title: `${one.target} of ${host.name}`, tone: 'good', lines: [lineOf(edited, host)] },
      result: { log: logResult(context, edited, host) },
    }
  },
})

const remove = command({
  name: 'hosts logs remove',
  summary: 'Read a log of a host no more; its lines stay',
  examples: ['hosts logs remove web-1 --file /var/log/nginx/error.log'],
  role: 'admin',
  args: { host: hostName().describe('Name of the host'), ...logTarget },
  run({ host: name, ...named }, context) {
    const host = findHost(context.state, name)
    const one = findLog(context, host, named)
    removeRemoteLog(context.state, one.id)
    updateHostAlerts(context.state, host.id, context.now, context.by.name)
    return {
      card: {
        title: `${one.target} of ${host.name} is read no more`,
        tone: 'muted',
        lines: ['Its lines stay as long as others do.'],
      },
      result: { log: logResult(context, one, host) },
    }
  },
})

const fetch = command({
  name: 'hosts logs fetch',
  summary: 'Fetch what is new in a log of a host now',
  examples: ['hosts logs fetch web-1', 'hosts logs fetch fw-1 --journal "*"'],
  role: 'responder',
  args: { host: hostName().describe('Name of the host'), ...logTarget },
  async run({ host: name, ...named }, context) {
    const host = findHost(context.state, name)
    const one = findLog(context, host, named)
    const fetcher = fetcherOf(context)
    let now = progressCard(host, one, 0)
    const fetching = fetcher.fetch(one, lines => {
      now = progressCard(host, one, lines)
    })
    const channel = context.interactive ? context.parts.channelOf(context.by.platform) : undefined
    let live: { end(): Promise<void> } | undefined
    const cancel = context.clock.at(context.clock.now() + SHORT, () => {
      if (channel) live = showLive([{ channel, ref: null }], () => now, context.clock, silentLogger)
    })
    let fetched: Fetched
    try {
      fetched = await fetching
      now = fetchedCard(host, one, fetched)
    } catch (error) {
      now = {
        title: `${one.target} of ${host.name} could not be fetched`,
        tone: 'warning',
        lines: [(error as Error).message],
      }
      throw error
    } finally {
      cancel()
      await live?.end()
    }
    return {
      card: fetchedCard(host, one, fetched),
      result: {
        log: logResult(context, readRemoteLog(context.state, one.id) ?? one, host),
        fetched: fetched.lines,
        lost: fetched.lost,
      },
    }
  },
})

export const hostLogCommands = [add, list, edit, remove, fetch]

function fetcherOf({ logFetcher }: Context): LogFetcher {
  if (logFetcher) return logFetcher
  throw new Problem('conflict', 'This Vakt keeps no logs.')
}
