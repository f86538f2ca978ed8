// The commands about on-call rotations and overrides.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import {
  onCallAt,
  parseHandover,
  type Rotation,
  type Shift,
  upcomingShifts,
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
import { isoTime } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, readable, yes } from '../context.ts'
import { end, period, readEnd, readStart, start } from '../period.ts'
import { setName } from './recipient-arguments.ts'

const rotationName = () => completes(positional(z.string().max(64)), 'rotation')
const person = () => completes(z.string().min(1).max(64), 'person')
const members = () => z.string().max(1000).describe('People in the order of their shifts, separated by commas')
const every = () => z.enum(['daily', 'weekly']).optional()
const zone = () => completes(readable(timeZoneId, 64), 'zone').optional()
const handover = () =>
  readable(text => {
    const handover = parseHandover(text)
    if (handover === null) throw invalid('handover', `"${text}" is not a handover time. Write "Mon 09:00" or 09:00.`)
    return handover
  }, 40).optional()
const MAX_MEMBERS = 50
const MAX_SHIFTS_SHOWN = 4

const show = command({
  name: 'oncall',
  summary: 'Show who is on call now, and who is next',
  examples: ['oncall', 'oncall primary'],
  role: 'viewer',
  args: { name: rotationName().optional().describe('Name of the rotation (default: all)') },
  run({ name: words }, context) {
    // People who know the other groups write "oncall list" and "oncall show primary".
    const name = words?.replace(/^(?:list|show)(?:\s+|$)/i, '')
    const shown = name ? [findRotation(context.state, name)] : listRotations(context.state)
    return {
      card: {
        title: shown.length === 0 ? 'Nobody is on call' : 'On call',
        tone: 'plain',
        lines:
          shown.length === 0
            ? [
                'Add people with "oncall member add ann --slack U012AB3CD", then a rotation with "oncall add primary --members ann,ben".',
              ]
            : shown.flatMap(rotation => shiftLines(rotation, context)),
      },
      result: { rotations: shown.map(rotation => rotationResult(rotation, context)) },
    }
  },
})

const add = command({
  name: 'oncall add',
  summary: 'Add a rotation: people who are on call one after another',
  details:
    'The first member is on call until the next handover. Handovers follow the wall clock through clock changes.',
  examples: [
    'oncall add primary --members ann,ben,cleo --every weekly --handover "Mon 09:00" --tz Europe/Oslo',
    'oncall add nights --members dan,eve --every daily --handover 20:00',
  ],
  role: 'admin',
  args: {
    name: positional(setName()).describe('Name of the rotation'),
    members: members(),
    every: every().describe('Length of a shift (default: weekly)'),
    handover: handover().describe('Time of the handover, such as "Mon 09:00" or 09:00 (default: "Mon 09:00")'),
    tz: zone().describe('Time zone (default: the setting TZ)'),
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
  summary: 'Edit a rotation: its members, handover or time zone',
  details:
    'The person on call stays until the next handover. If that person is removed, the first member takes over immediately. Overrides stay.',
  examples: ['oncall edit primary --members ann,ben,cleo', 'oncall edit primary --handover "Tue 10:00"'],
  role: 'admin',
  args: {
    name: rotationName().describe('Name of the rotation'),
    members: members().optional(),
    every: every().describe('Length of a shift'),
    handover: handover().describe('Time of the handover, such as "Mon 09:00" or 09:00'),
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
      throw invalid('settings', 'Name what to change: --members, --every, --handover or --tz.')
    return rotationAnswer(editRotation(context.state, rotation, changes, context.now), context, 'good')
  },
})

const remove = command({
  name: 'oncall remove',
  summary: 'Remove a rotation and its overrides',
  role: 'admin',
  args: { name: rotationName().describe('Name of the rotation'), yes: yes() },
  run({ name, yes }, { state, interactive }) {
    const rotation = findRotation(state, name)
    if (interactive && !yes)
      return confirmation(
        `Remove the rotation ${name}?`,
        [`The shifts of ${rotation.members.join(', ')} end, and its overrides are removed.`],
        { line: `oncall remove ${name}` },
      )
    removeRotation(state, rotation)
    return { card: { title: `The rotation ${name} is removed`, tone: 'muted' } }
  },
})

const override = command({
  name: 'oncall override',
  summary: 'Put somebody else on call for a while',
  examples: [
    'oncall override --who ben --for 8h',
    'oncall override primary --who ben --from "2026-12-24 09:00" --for 2d',
  ],
  role: 'responder',
  args: {
    name: rotationName().optional().describe('Name of the rotation (default: the only one)'),
    who: person().describe('Person who takes over'),
    from: start()
      .optional()
      .describe('Start, such as 18:00 (the next one), "Fri 18:00" or "2026-12-24 09:00" (default: now)'),
    for: period().optional().describe('Length, such as 8h or 2d; whole days follow the wall clock of the rotation'),
    to: end().optional().describe('End instead of --for, such as "Mon 09:00" or "2026-12-26 09:00"'),
  },
  run({ name, who, from, for: length, to }, context) {
    const { state, by } = context
    const rotation = findRotation(state, name)
    const startsAt = readStart(from, context.now, rotation.timeZone)
    const row = {
      rotationId: rotation.id,
      who: findPerson(state, who).name,
      from: startsAt,
      until: readEnd({ for: length, to }, startsAt, rotation.timeZone),
      setBy: by.name,
    }
    if (row.until <= context.now) throw invalid('from', 'The override ends before now.')
    addOverride(state, row)
    return rotationAnswer(rotation, context, 'good')
  },
})

const cancel = command({
  name: 'oncall cancel',
  summary: 'Remove an override',
  examples: ['oncall cancel 3'],
  role: 'responder',
  args: {
    override: positional(z.number().int().positive()).describe('Number of the override, as "oncall" shows it'),
    name: completes(z.string().max(64), 'rotation').optional().describe('Name of the rotation (default: the only one)'),
  },
  run({ override: id, name }, context) {
    const rotation = findRotation(context.state, name)
    removeOverride(context.state, rotation, id)
    return rotationAnswer(rotation, context, 'good')
  },
})

export const oncallCommands = [show, add, edit, remove, override, cancel]

function memberNames({ state }: Context, text: string): string[] {
  const names = text
    .split(',')
    .map(word => word.trim())
    .filter(Boolean)
  if (names.length === 0 || names.length > MAX_MEMBERS)
    throw invalid('members', `Name 1 to ${MAX_MEMBERS} people, separated by commas.`)
  return names.map(name => findPerson(state, name).name)
}

/** The columns of a handover: a daily one has no day of the week. */
function handoverOf(every: Rotation['every'], { day, minute }: { day: number | null; minute: number }) {
  if (every === 'daily' && day !== null)
    throw invalid('handover', 'A daily rotation has a handover every day. Write the time alone, such as 09:00.')
  return { minute, ...(day === null ? {} : { day }) }
}

function rotationAnswer(rotation: Rotation, context: Context, tone: 'good' | 'plain') {
  return {
    card: { title: `Rotation ${rotation.name}`, tone, lines: shiftLines(rotation, context) },
    result: { rotation: rotationResult(rotation, context) },
  }
}

function shiftLines(rotation: Rotation, { state, now }: Context): Text[] {
  const overrides = listOverrides(state, rotation, now)
  // A rotation of one person has no other shifts.
  const count = rotation.members.length === 1 && overrides.length === 0 ? 1 : MAX_SHIFTS_SHOWN
  const [current, ...next] = upcomingShifts(rotation, overrides, now, count)
  return [
    [
      { bold: `${rotation.name}: ${current!.who}` },
      current!.isOverride ? ' (override)' : '',
      ' until ',
      { time: current!.until, style: 'moment' },
    ],
    ...next.map((shift): Text => ['then ', shift.who, ' from ', { time: shift.since, style: 'moment' }]),
    ...overrides.map(
      ({ id, who, from, until }): Text => [
        `Override ${id}: ${who} from `,
        { time: from, style: 'moment' },
        ' to ',
        { time: until, style: 'moment' },
      ],
    ),
  ]
}

function rotationResult(rotation: Rotation, { state, now }: Context) {
  const overrides = listOverrides(state, rotation, now)
  const { name, members, every, timeZone } = rotation
  const current = onCallAt(rotation, overrides, now)
  return {
    name,
    members,
    every,
    time_zone: timeZone,
    on_call: shiftResult(current),
    next: upcomingShifts(rotation, overrides, current.until, 1).map(shiftResult)[0],
    overrides: overrides.map(({ id, who, from, until }) => ({ id, who, from: isoTime(from), until: isoTime(until) })),
  }
}

function shiftResult({ who, since, until, isOverride }: Shift) {
  return { who, since: isoTime(since), until: isoTime(until), override: isOverride, stand_in: isOverride }
}
