// The commands about escalations: whom to notify when an alert is not acknowledged in time.
import { z } from 'zod'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import type { Escalation } from '../../src/notifications/routing/escalation.ts'
import {
  addEscalation,
  editEscalation,
  findEscalation,
  listEscalations,
  removeEscalation,
} from '../../src/notifications/routing/escalations.ts'
import { mentionName } from '../../src/notifications/routing/mentions.ts'
import { invalid } from '../../src/problem.ts'
import type { State } from '../../src/state/database.ts'
import { plural } from '../../src/text.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import { matcherHints } from '../alerts/matcher-hints.ts'
import { confirmation } from '../confirmation.ts'
import { command, duration, yes } from '../context.ts'
import { matcher, recipientWords, setName, toChannels } from './recipient-arguments.ts'

const escalationName = () => completes(positional(z.string().max(64)), 'escalation').describe('Name of the escalation')
const repeats = () =>
  z.number().int().min(0).max(100).optional().describe('How many more times, each after the same time again')

const add = command({
  name: 'escalations add',
  summary: 'Notify someone else when an alert is not acknowledged in time',
  details:
    'Only time in which nobody is on it counts: acknowledgements, snoozes and suppression stop the clock. Several escalations with different times make a chain.',
  examples: [
    'escalations add second-line --matcher "severity>=critical" --after 15m --to oncall',
    'escalations add boss --matcher project:shop --after 1h --to ann,ops-mail --repeat 2',
  ],
  role: 'admin',
  args: {
    name: positional(setName()).describe('Name of the escalation'),
    matcher: matcher().optional(),
    after: duration().describe('Time without an acknowledgement, such as 15m'),
    to: toChannels().describe('Channels, people or oncall, separated by commas'),
    repeat: repeats().describe('How many more times, each after the same time again (default: 0)'),
  },
  run({ name, matcher: wanted = '', after, to, repeat = 0 }, { state, platforms, by, now }) {
    const row = {
      name,
      matcher: wanted,
      afterMs: after,
      to: recipientWords({ state, platforms }, to),
      repeat,
      setBy: by.name,
      createdAt: now,
    }
    return changedAnswer(state, addEscalation(state, row))
  },
})

const list = command({
  name: 'escalations list',
  summary: 'Show the escalations, the soonest first',
  role: 'viewer',
  args: {},
  run(_, { state }) {
    const all = listEscalations(state)
    const empty =
      'Alerts that nobody acknowledges send reminders only. "escalations add second-line --after 15m --to oncall" adds an escalation.'
    return {
      card: {
        title: all.length === 0 ? 'No escalations' : plural(all.length, 'escalation'),
        tone: 'plain',
        ...(all.length === 0
          ? { lines: [empty] }
          : {
              rows: all.map(escalation => ({
                name: escalation.name,
                text: escalationLine(escalation),
                action: { label: 'Show', line: `escalations show ${quoteWord(escalation.name)}` },
              })),
            }),
      },
      result: { escalations: all.map(escalationResult) },
    }
  },
})

const show = command({
  name: 'escalations show',
  summary: 'Show one escalation',
  role: 'viewer',
  args: { name: escalationName() },
  run: ({ name }, { state }) => escalationAnswer(findEscalation(state, name), 'plain'),
})

const edit = command({
  name: 'escalations edit',
  summary: 'Edit an escalation; its timers are adjusted at once',
  details: 'Time that has passed still counts. An alert that does not match any more is not escalated.',
  examples: [
    'escalations edit second-line --after 5m',
    'escalations edit boss --matcher "project:shop severity>=critical" --to ann',
  ],
  role: 'admin',
  args: {
    name: escalationName(),
    matcher: matcher().optional().describe('New matcher, such as project:shop severity>=warning host:web-*'),
    after: duration().optional().describe('Time without an acknowledgement, such as 15m'),
    to: toChannels().optional().describe('Channels, people or oncall, separated by commas'),
    repeat: repeats(),
  },
  run({ name, matcher: wanted, after, to, repeat }, { state, platforms, now }) {
    const changes = {
      ...(wanted === undefined ? {} : { matcher: wanted }),
      ...(after === undefined ? {} : { afterMs: after }),
      ...(to === undefined ? {} : { to: recipientWords({ state, platforms }, to) }),
      ...(repeat === undefined ? {} : { repeat }),
    }
    if (Object.keys(changes).length === 0)
      throw invalid('settings', 'Name what to change: --matcher, --after, --to or --repeat.')
    return changedAnswer(state, editEscalation(state, name, changes, now))
  },
})

const remove = command({
  name: 'escalations remove',
  summary: 'Remove an escalation and its timers',
  examples: ['escalations remove second-line'],
  role: 'admin',
  args: { name: escalationName(), yes: yes() },
  run({ name, yes }, { state, interactive }) {
    if (interactive && !yes) {
      const line = `escalations remove ${name}`
      return confirmation(`Remove the escalation ${name}?`, [escalationLine(findEscalation(state, name))], { line })
    }
    const removed = removeEscalation(state, name)
    return {
      card: { title: `The escalation ${name} is removed`, tone: 'muted' },
      result: { escalation: escalationResult(removed) },
    }
  },
})

export const escalationCommands = [add, list, show, edit, remove]

/** The answer to a change, with what is odd about the matcher. */
function changedAnswer(state: State, escalation: Escalation) {
  const { card, result } = escalationAnswer(escalation, 'good')
  const warnings = matcherHints(state, escalation.matcher)
  return { card: { ...card, lines: [...warnings, ...card.lines] }, result: { ...result, warnings } }
}

function escalationAnswer(escalation: Escalation, tone: 'good' | 'plain') {
  return {
    card: { title: `Escalation ${escalation.name}`, tone, lines: [escalationLine(escalation)] },
    result: { escalation: escalationResult(escalation) },
  }
}

function escalationLine({ name, matcher, afterMs, to, repeat }: Escalation) {
  const again = repeat === 0 ? '' : `, repeated ${plural(repeat, 'time')}`
  return [
    { bold: name },
    ': ',
    { code: matcher || 'everything' },
    ` after ${formatDuration(afterMs)} → ${to.map(mentionName).join(', ')}${again}`,
  ]
}

function escalationResult({ name, matcher, afterMs, to, repeat, setBy, createdAt }: Escalation) {
  return { name, matcher, after_ms: afterMs, to, repeat, set_by: setBy, created_at: isoTime(createdAt) }
}
