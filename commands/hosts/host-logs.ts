// Adds, lists, changes, removes and fetches remote logs: log files and journals of hosts.
import { z } from 'zod'
import { updateHostAlerts } from '../../src/alerts/host-alerts.ts'
import type { Button } from '../../src/card.ts'
import { findHost, listHosts } from '../../src/hosts/hosts.ts'
import { type FetchResult, type LogFetcher, MIN_FETCH_INTERVAL_MS } from '../../src/hosts/remote-logs/fetcher.ts'
import { defaultSource } from '../../src/hosts/remote-logs/remote-log.ts'
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
import { errorMessage, plural } from '../../src/text.ts'
import { formatDuration, MINUTE, SECOND } from '../../src/time.ts'
import { type Context, command, duration, projectName } from '../context.ts'
import { hostName } from './host-card.ts'
import { fetchedCard, logButtons, logListLine, logResult, progressCard } from './host-log-card.ts'
import { findLog, logTargetArguments, readLogTarget } from './host-log-target.ts'

const PAGE_SIZE = 15
/** A fetch that takes longer shows its progress. */
const PROGRESS_DELAY_MS = 3 * SECOND

const sourceName = () => z.string().trim().min(1).max(100).optional()

const add = command({
  name: 'hosts logs add',
  summary: 'Store the lines of a log file or journal of a host',
  details:
    'Vakt reads new lines over SSH, across rotation, and stores each once. Search, rules and analyses use them like all other logs.',
  examples: [
    'hosts logs add web-1 --file /var/log/nginx/error.log',
    'hosts logs add fw-1 --journal "*" --every 5m --source firewall',
  ],
  role: 'admin',
  args: {
    host: hostName().describe('Name of the host'),
    ...logTargetArguments,
    every: duration(MIN_FETCH_INTERVAL_MS).optional().describe('Fetch interval (default: 1m)'),
    project: projectName().optional().describe('Project of the lines (default: that of the host)'),
    source: sourceName().describe('Source of the lines (default: from the name of the log)'),
  },
  async run({ host: name, every = MINUTE, project, source, ...named }, context) {
    const { state, now, by } = context
    const fetcher = requireFetcher(context)
    const host = findHost(state, name)
    const { kind, target } = readLogTarget(named)
    const added = addRemoteLog(state, {
      ...{ hostId: host.id, kind, target, every, source: source ?? defaultSource(kind, target) },
      projectId: project === undefined ? host.projectId : findProject(state, project).id,
      ...{ dueAt: now + every, addedAt: now, addedBy: by.name },
    })
    // A log that cannot be read at once is not added.
    const fetched = await fetcher.fetch(added).catch(error => {
      removeRemoteLog(state, added.id)
      throw error
    })
    fetcher.refresh()
    return {
      card: {
        title: `Reading ${target === '*' ? 'the journal' : target} of ${host.name} every ${formatDuration(every)}`,
        tone: 'good',
        lines: [
          fetched.lines > 0
            ? `Stored the last ${plural(fetched.lines, 'line')} with the source ${added.source}.`
            : `It has no lines yet; new lines get the source ${added.source}.${kind === 'journal' && target !== '*' ? ` If you expect lines, check the unit with "systemctl list-units" on ${host.name}.` : ''}`,
        ],
        buttons: logButtons(host, added),
      },
      result: { log: logResult(context, readRemoteLog(state, added.id) ?? added, host), fetched: fetched.lines },
    }
  },
})

const list = command({
  name: 'hosts logs list',
  summary: 'List the remote logs with their last fetch and errors',
  examples: ['hosts logs list', 'hosts logs list web-1'],
  role: 'viewer',
  args: {
    host: hostName().optional().describe('Only logs of this host'),
    page: z.number().int().min(1).optional().describe('Page number'),
  },
  run({ host: name, page = 1 }, context) {
    const { state } = context
    const hosts = new Map(listHosts(state).map(host => [host.id, host]))
    const only = name === undefined ? undefined : findHost(state, name)
    const found = listRemoteLogs(state, only?.id)
    const shown = found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    const failing = found.filter(log => log.error !== null).length
    const empty = `No remote logs yet. Add one: hosts logs add ${only?.name ?? 'web-1'} --file /var/log/nginx/error.log`
    const pageButton = (label: string, to: number): Button => ({
      label,
      line: `hosts logs list ${only?.name ?? ''} --page ${to}`.replace('  ', ' '),
    })
    return {
      card: {
        title: `${plural(found.length, 'remote log')}${failing > 0 ? `, ${failing} failing` : ''}`,
        tone: failing > 0 ? 'warning' : 'plain',
        lines:
          shown.length > 0
            ? shown.map(log => {
                const host = hosts.get(log.hostId)!
                return logListLine(log, host, context.parts.rejections.of(host.name, log.source))
              })
            : [found.length > 0 ? 'This page does not exist.' : empty],
        buttons: [
          ...(page > 1 ? [pageButton('Previous', page - 1)] : []),
          ...(found.length > page * PAGE_SIZE ? [pageButton('Next', page + 1)] : []),
        ],
      },
      result: { logs: found.map(log => logResult(context, log, hosts.get(log.hostId)!)) },
    }
  },
})

const edit = command({
  name: 'hosts logs edit',
  summary: 'Change the interval, project or source of a remote log',
  details: 'Reading continues at the last position. Stored lines keep their source and project.',
  examples: ['hosts logs edit web-1 --file /var/log/nginx/error.log --every 5m --source nginx'],
  role: 'admin',
  args: {
    host: hostName().describe('Name of the host'),
    ...logTargetArguments,
    every: duration(MIN_FETCH_INTERVAL_MS).optional().describe('Fetch interval'),
    project: projectName().optional().describe('Project of new lines'),
    source: sourceName().describe('Source of new lines'),
  },
  run({ host: name, every, project, source, ...named }, context) {
    const { state, now } = context
    const host = findHost(state, name)
    const log = findLog(context, host, named)
    const changes = {
      ...(every === undefined ? {} : { every, dueAt: Math.min(log.dueAt, now + every) }),
      ...(project === undefined ? {} : { projectId: findProject(state, project).id }),
      ...(source === undefined ? {} : { source }),
    }
    if (Object.keys(changes).length === 0)
      throw invalid('settings', 'Nothing to change. Add --every, --project or --source.')
    const edited = editRemoteLog(state, log.id, changes)
    context.logFetcher?.refresh()
    return {
      card: { title: `${log.target} of ${host.name}`, tone: 'good', lines: [logListLine(edited, host)] },
      result: { log: logResult(context, edited, host) },
    }
  },
})

const remove = command({
  name: 'hosts logs remove',
  summary: 'Stop reading a remote log; its stored lines are kept',
  examples: ['hosts logs remove web-1 --file /var/log/nginx/error.log'],
  role: 'admin',
  args: { host: hostName().describe('Name of the host'), ...logTargetArguments },
  run({ host: name, ...named }, context) {
    const host = findHost(context.state, name)
    const log = findLog(context, host, named)
    removeRemoteLog(context.state, log.id)
    updateHostAlerts(context.state, host.id, context.now, context.by.name)
    return {
      card: {
        title: `Stopped reading ${log.target} of ${host.name}`,
        tone: 'muted',
        lines: ['Its stored lines are kept for the retention of their project.'],
      },
      result: { log: logResult(context, log, host) },
    }
  },
})

const fetch = command({
  name: 'hosts logs fetch',
  summary: 'Fetch the new lines of a remote log now',
  examples: ['hosts logs fetch web-1', 'hosts logs fetch fw-1 --journal "*"'],
  role: 'responder',
  args: { host: hostName().describe('Name of the host'), ...logTargetArguments },
  async run({ host: name, ...named }, context) {
    const host = findHost(context.state, name)
    const log = findLog(context, host, named)
    const fetcher = requireFetcher(context)
    let card = progressCard(host, log, 0)
    const fetching = fetcher.fetch(log, lines => {
      card = progressCard(host, log, lines)
    })
    const channel = context.interactive ? context.parts.channelOf(context.by.platform) : undefined
    let progress: { end(): Promise<void> } | undefined
    const cancel = context.clock.at(context.clock.now() + PROGRESS_DELAY_MS, () => {
      if (channel) progress = showLive([{ channel, ref: null }], () => card, context.clock, silentLogger)
    })
    let fetched: FetchResult
    try {
      fetched = await fetching
      card = fetchedCard(host, log, fetched)
    } catch (error) {
      card = {
        title: `Fetching ${log.target} of ${host.name} failed`,
        tone: 'warning',
        lines: [errorMessage(error)],
      }
      throw error
    } finally {
      cancel()
      await progress?.end()
    }
    return {
      card: fetchedCard(host, log, fetched),
      result: {
        log: logResult(context, readRemoteLog(context.state, log.id) ?? log, host),
        fetched: fetched.lines,
        lost: fetched.lost,
      },
    }
  },
})

export const hostLogCommands = [add, list, edit, remove, fetch]

function requireFetcher({ logFetcher }: Context): LogFetcher {
  if (logFetcher) return logFetcher
  throw new Problem('conflict', 'This Vakt has no log store, so it cannot read remote logs.')
}
