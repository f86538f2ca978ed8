// Who is on call: rotations, stand-ins, and who the people are on each platform.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import {
  comingTurns,
  onCallAt,
  type Rotation,
  readHandover,
  type Turn,
} from '../../src/notifications/routing/on-call.ts'
import { findPerson } from '../../src/notifications/routing/people.ts'
import {
  addOverride,
  addRotation,
  editRotation,
  findRotation,
  listOverrides,
  listRotations,
  removeOverride,
  removeRotation,
} from '../../src/notifications/routing/rotations.ts'
import { invalid } from '../../src/problem.ts'
import { isoTime, parseTime } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, duration, readable, yes } from '../context.ts'
import { setName } from './recipient-arguments.ts'

const rotationName = () => completes(positional(z.string().max(64)), 'rotation')
const person = () => completes(z.string().min(1).max(64), 'person')
const members = () =>
  z.string().max(1000).describe('Names of people in the order of their turns, with commas between them')
const every = () => z.enum(['daily', 'weekly']).optional()
const zone = () => completes(readable(timeZoneId, 64), 'zone').optional()
const handover = () =>
  readable(text => {
    const read = readHandover(text)
    if (read === null) throw invalid('handover', `"${text}" is no time of a handover. Write "Mon 09:00" or 09:00.`)
    return read
  }, 40).optional()
const MOST_MEMBERS = 50
const LOOK_AHEAD = 4

const now = command({
  name: 'oncall',
  summary: 'Show who is on call now, and who is next',
  examples: ['oncall', 'oncall primary'],
  role: 'viewer',
  args: { name: rotationName().optional().describe('Name of the rotation; all unless said') },
  run({ name: said }, context) {
    // "oncall list" and "oncall show primary" are said by whoever knows the other groups.
    const name = said?.replace(/^(?:list|show)(?:\s+|$)/i, '')
    const shown = name ? [findRotation(context.state, name)] : listRotations(context.state)
    return {
      card: {
        title: shown.length === 0 ? 'Nobody is on call' : 'On call',
        tone: 'plain',
        lines:
          shown.length === 0
            ? [
                'Make people known with "oncall member add ann --slack U012AB3CD", then "oncall add primary --members ann,ben".',
              ]
            : shown.flatMap(rotation => turnLines(rotation, context)),
      },
      result: { rotations: shown.map(rotation => rotationResult(rotation, context)) },
    }
  },
})

const add = command({
  name: 'oncall add',
  summary: 'Add a rotation: people who are on call in turns',
  details:
    'The first one named is on call until the next handover. Handovers follow the wall clock through clock changes.',
  examples: [
    'oncall add primary --members ann,ben,cleo --every weekly --handover "Mon 09:00" --tz Europe/Oslo',
    'oncall add nights --members dan,eve --every daily --handover 20:00',
  ],
  role: 'admin',
  args: {
    name: positional(setName()).describe('A name for it'),
    members: members(),
    every: every().describe('How long a turn is; weekly unless said'),
    handover: handover().describe('When turns change: "Mon 09:00" (or 09:00); Monday 09:00 unless said'),
    tz: zone().describe('Time zone, that of Vakt unless said'),
  },
  run({ name, members, every = 'weekly', handover, tz }, context) {
    const times = { day: 1, minute: 540, ...(handover && handoverOf(every, handover)) }
    const people = memberNames(context, members)
    const row = { name, members: people, every, ...times, timeZone: tz ?? context.config.timeZone }
    return rotationAnswer(addRotation(context.state, row, context.now), context, 'good')
  },
})

const edit = command({
  name: 'oncall edit',
  summary: 'Change a rotation: its people, its handover',
  details:
    'Who is on call stays on call until the next handover; who is not among the members any more makes room for the first of them at once. Stand-ins stay.',
  examples: ['oncall edit primary --members ann,ben,cleo', 'oncall edit primary --handover "Tue 10:00"'],
  role: 'admin',
  args: {
    name: rotationName().describe('Name of the rotation'),
    members: members().optional(),
    every: every().describe('How long a turn is'),
    handover: handover().describe('When turns change: "Mon 09:00" or 09:00'),
    tz: zone().describe('Time zone'),
  },
  run({ name, members, every, handover, tz }, context) {
    const rotation = findRotation(context.state, name)
    const changes = {
      ...(members === undefined ? {} : { members: memberNames(context, members) }),
      ...(every === undefined ? {} : { every }),
      ...(handover === undefined ? {} : handoverOf(every ?? rotation.every, handover)),
      ...(tz === undefined ? {} : { timeZone: tz }),
    }
    if (Object.keys(changes).length === 0)
      throw invalid('settings', 'Say what to change: --members, --every, --handover or --tz.')
    return rotationAnswer(editRotation(context.state, rotation, changes, context.now), context, 'good')
  },
})

const remove = command({
  name: 'oncall remove',
  summary: 'Remove a rotation',
  role: 'admin',
  args: { name: rotationName().describe('Name of the rotation'), yes: yes() },
  run({ name, yes }, { state, interactive }) {
    const rotation = findRotation(state, name)
    if (interactive && !yes)
      return confirmation(
        `Remove the rotation ${name}?`,
        [`The turns of ${rotation.members.join(', ')} end, and whoever stands in is forgotten.`],
        { line: `oncall remove ${name}` },
      )
    removeRotation(state, rotation)
    return { card: { title: `The rotation ${name} is removed`, tone: 'muted' } }
  },
})

const override = command({
  name: 'oncall override',
  summary: 'Have somebody stand in for a while',
  examples: [
    'oncall override --who ben --for 8h',
    'oncall override primary --who ben --from "2026-12-24 09:00" --for 2d',
  ],
  role: 'responder',
  args: {
    name: rotationName().optional().describe('Name of the rotation, needed when there are several'),
    who: person().describe('Who stands in'),
    from: z.string().max(60).optional().describe('From when, such as 2026-12-24 09:00; now unless said'),
    for: duration().describe('How long, such as 8h or 2d'),
  },
  run({ name, who, from, for: length }, context) {
    const { state, by } = context
    const rotation = findRotation(state, name)
    const start = from === undefined ? context.now : parseTime(from, context.now, rotation.timeZone)
    if (start === null)
      throw invalid('from', `"${from}" is not a time. Write 2026-12-24 09:00, by the rotation's zone.`)
    const row = {
      rotationId: rotation.id,
      who: findPerson(state, who).name,
      from: start,
      until: start + length,
      setBy: by.name,
    }
    if (row.until <= context.now) throw invalid('from', 'That time is over already.')
    addOverride(state, row)
    return rotationAnswer(rotation, context, 'good')
  },
})

const cancel = command({
  name: 'oncall cancel',
  summary: 'Take a stand-in back',
  examples: ['oncall cancel 3'],
  role: 'responder',
  args: {
    override: positional(z.number().int().positive()).describe('Its number, as "oncall" shows it'),
    name: completes(z.string().max(64), 'rotation')
      .optional()
      .describe('Name of the rotation, needed when there are several'),
  },
  run({ override: id, name }, context) {
    const rotation = findRotation(context.state, name)
    removeOverride(context.state, rotation, id)
    return rotationAnswer(rotation, context, 'good')
  },
})

export const oncallCommands = [now, add, edit, remove, override, cancel]

function memberNames({ state }: Context, text: string): string[] {
  const names = text
    .split(',')
    .map(word => word.trim())
    .filter(Boolean)
  if (names.length === 0 || names.length > MOST_MEMBERS)
    throw invalid('members', `Name from 1 to ${MOST_MEMBERS} people, with commas between them.`)
  return names.map(one => findPerson(state, one).name)
}

/** What of a handover a rotation keeps: a daily one has no day of the week. */
function handoverOf(every: Rotation['every'], { day, minute }: { day: number | null; minute: number }) {
  if (every === 'daily' && day !== null)
    throw invalid('handover', 'A daily rotation hands over every day: write the time alone, such as 09:00.')
  return { minute, ...(day === null ? {} : { day }) }
}

function rotationAnswer(rotation: Rotation, context: Context, tone: 'good' | 'plain') {
  return {
    card: { title: `Rotation ${rotation.name}`, tone, lines: turnLines(rotation, context) },
    result: { rotation: rotationResult(rotation, context) },
  }
}

function turnLines(rotation: Rotation, { state, now }: Context): Text[] {
  const standIns = listOverrides(state, rotation, now)
  // Who is alone has no turns to look ahead to.
  const ahead = rotation.members.length === 1 && standIns.length === 0 ? 1 : LOOK_AHEAD
  const [current, ...next] = comingTurns(rotation, standIns, now, ahead)
  return [
    [
      { bold: `${rotation.name}: ${current!.who}` },
      current!.standIn ? ' (standing in)' : '',
      ' until ',
      { time: current!.until, style: 'moment' },
    ],
    ...next.map((turn): Text => ['then ', turn.who, ' from ', { time: turn.since, style: 'moment' }]),
    ...standIns.map(
      (one): Text => [
        `Stand-in ${one.id}: ${one.who} from `,
        { time: one.from, style: 'moment' },
        ' to ',
        { time: one.until, style: 'moment' },
      ],
    ),
  ]
}

function rotationResult(rotation: Rotation, { state, now }: Context) {
  const standIns = listOverrides(state, rotation, now)
  const { name, members, every, timeZone } = rotation
  const current = onCallAt(rotation, standIns, now)
  return {
    ...{ name, members, every, time_zone: timeZone, on_call: turnResult(current) },
    next: comingTurns(rotation, standIns, current.until, 1).map(turnResult)[0],
    overrides: standIns.map(one => ({ id: one.id, who: one.who, from: isoTime(one.from), until: isoTime(one.until) })),
  }
}

function turnResult({ who, since, until, standIn }: Turn) {
  return { who, since: isoTime(since), until: isoTime(until), stand_in: standIn }
}
