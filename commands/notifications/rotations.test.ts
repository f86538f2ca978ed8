// Rotations, escalations and lists of recipients as people and scripts are answered.
import { beforeEach, expect, it } from 'vitest'
import { listChannels, savePersonChannel } from '../../src/notifications/routing/channels.ts'
import { channels } from '../../src/state/schema/index.ts'
import { type CommandRunner, createCommandRunner } from '../../src/testing/command-runner.ts'
import { readLabelNames } from './recipient-arguments.ts'

let app: CommandRunner
beforeEach(async () => {
  app = createCommandRunner()
  for (const name of ['ann', 'ben']) await app.run(`oncall member add ${name} --email ${name}@example.org`)
})
const rotation = async (line: string) =>
  (await app.result<{ rotation: Record<string, unknown> }>(line)).rotation as {
    on_call: { who: string; until: string; override: boolean }
    next: { who: string }
    overrides: { id: number; who: string; from: string; until: string }[]
    members: string[]
  }

it.each([
  ['', 'weekly', '2026-03-09T09:00:00.000Z'],
  ['--handover 10:30', 'weekly', '2026-03-02T10:30:00.000Z'],
  ['--handover "Tue 10:00"', 'weekly', '2026-03-03T10:00:00.000Z'],
  ['--every daily', 'daily', '2026-03-03T09:00:00.000Z'],
  ['--every daily --handover 20:00', 'daily', '2026-03-02T20:00:00.000Z'],
  ['--every daily --handover 20:00 --tz Europe/Oslo', 'daily', '2026-03-02T19:00:00.000Z'],
])('a new rotation %s is %s, and ends first at %s', async (words, every, until) => {
  expect(await rotation(`oncall add primary --members "ann, ben" ${words}`)).toMatchObject({
    ...{
      name: 'primary',
      members: ['ann', 'ben'],
      every,
      on_call: { who: 'ann', until, override: false, stand_in: false },
    },
    ...{ next: { who: 'ben' }, overrides: [] },
  })
})

it.each([
  ['oncall add x --members " , "', 'Name 1 to 50 people, separated by commas.'],
  [`oncall add x --members ${Array(51).fill('ann').join()}`, 'Name 1 to 50 people, separated by commas.'],
  ['oncall add x --members nobody', 'nobody'],
  ['oncall add x --members ann --every daily --handover "Mon 09:00"', 'A daily rotation has a handover every day.'],
  ['oncall add x --members ann --handover noon', '"noon" is not a handover time.'],
  ['oncall edit primary', 'Name what to change: --members, --every, --handover or --tz.'],
  ['oncall edit primary --every daily --handover "Mon 09:00"', 'A daily rotation has a handover every day.'],
  ['oncall override --who ben --from 2026-03-02T07:00:00Z --for 2h', 'The override ends before now.'],
  ['oncall override --who ben', 'Name the length'],
])('%s is refused', async (line, message) => {
  await app.run('oncall add primary --members ann,ben')
  expect(await app.text(line)).toContain(message)
})

it('an edit changes what it names', async () => {
  await app.run('oncall add primary --members ann,ben')
  expect(await rotation('oncall edit primary --members ben,ann')).toMatchObject({
    members: ['ben', 'ann'],
    on_call: { who: 'ann' },
  })
  expect(await rotation('oncall edit primary --every daily')).toMatchObject({
    every: 'daily',
    time_zone: 'UTC',
    on_call: { until: '2026-03-03T09:00:00.000Z' },
  })
  expect(await rotation('oncall edit primary --handover 12:00')).toMatchObject({
    every: 'daily',
    on_call: { until: '2026-03-02T12:00:00.000Z' },
  })
  expect(await rotation('oncall edit primary --tz Europe/Oslo')).toMatchObject({
    time_zone: 'Europe/Oslo',
    on_call: { until: '2026-03-02T11:00:00.000Z' },
  })
})

it('who is on call is shown for all rotations or one, whichever way people ask', async () => {
  expect(await app.text('oncall')).toContain('(plain) Nobody is on call\nAdd people with')
  await app.run('oncall add primary --members ann,ben')
  await app.run('oncall add solo --members ben')
  const one = [
    'primary: ann until 2026-03-09 09:00:00 UTC',
    ...[
      'then ben from 2026-03-09 09:00:00 UTC',
      'then ann from 2026-03-16 09:00:00 UTC',
      'then ben from 2026-03-23 09:00:00 UTC',
    ],
  ]
  const solo = 'solo: ben until 2026-03-09 09:00:00 UTC'
  for (const words of ['', ' list', ' show'])
    expect(await app.text(`oncall${words}`)).toBe(['(plain) On call', ...one, solo].join('\n'))
  for (const words of ['primary', 'show primary'])
    expect(await app.text(`oncall ${words}`)).toBe(['(plain) On call', ...one].join('\n'))
})

it('an override takes over at its start, until its end, and can be cancelled', async () => {
  await app.run('oncall add solo --members ann')
  expect(await rotation('oncall override --who ben --for 2h')).toMatchObject({
    on_call: { who: 'ben', until: '2026-03-02T11:00:00.000Z', override: true },
    next: { who: 'ann' },
    overrides: [{ id: 1, who: 'ben', from: '2026-03-02T09:00:00.000Z', until: '2026-03-02T11:00:00.000Z' }],
  })
  expect(await app.text('oncall solo')).toContain(
    'solo: ben (override) until 2026-03-02 11:00:00 UTC\nthen ann from 2026-03-02 11:00:00 UTC\n',
  )
  expect(await app.text('oncall solo')).toContain(
    'Override 1: ben from 2026-03-02 09:00:00 UTC to 2026-03-02 11:00:00 UTC',
  )
  await app.run('oncall add other --members ben')
  expect(
    await rotation('oncall override other --who ann --from "2026-03-03 10:00" --to "2026-03-03 12:00"'),
  ).toMatchObject({
    on_call: { who: 'ben' },
    overrides: [{ id: 2, from: '2026-03-03T10:00:00.000Z', until: '2026-03-03T12:00:00.000Z' }],
  })
  expect(await rotation('oncall cancel 1 --name solo')).toMatchObject({ on_call: { who: 'ann' }, overrides: [] })
})

it('a rotation is removed after a question to a person', async () => {
  await app.run('oncall add primary --members ann,ben')
  expect(await app.text('oncall remove primary', { interactive: true })).toContain(
    'The shifts of ann, ben end, and its overrides are removed.',
  )
  expect(await app.text('oncall primary')).toContain('On call')
  expect(await app.text('oncall remove primary --yes', { interactive: true })).toBe(
    '(muted) The rotation primary is removed',
  )
  expect(await app.text('oncall')).toContain('Nobody is on call')
})

it('people are listed with their accounts, and a deleted one can be added again', async () => {
  expect(await app.text('oncall members')).toBe(
    '(plain) 2 people\nann E-mail ann@example.org\nben E-mail ben@example.org',
  )
  await app.run('oncall member add ann --slack U012AB3CD')
  expect(await app.result('oncall members')).toMatchObject({
    members: [{ name: 'ann', slack: 'U012AB3CD', email: 'ann@example.org', telegram: null }, {}],
  })
  expect(await app.text('oncall member remove ann')).toContain(
    '(muted) ann was deleted\nTo undo: oncall member add ann --',
  )
  expect(await app.text('oncall members')).toContain('(plain) 1 person\n')
  await app.run('oncall member remove ben')
  expect(await app.text('oncall members')).toContain('(plain) No people yet\n')
})

it('the channel of an account that somebody had before is closed, those of their other accounts are not', async () => {
  for (const [id, name] of [
    ['mailto:ann@example.org', 'ann'],
    ['telegram:7', 'ann'],
    ['mailto:ben@example.org', 'ben'],
  ] as const)
    savePersonChannel(app.state, id, name, 0)
  const open = () => listChannels(app.state).flatMap(({ id, origin }) => (origin === 'person' ? [id] : []))
  await app.run('oncall member add ann --email ann@example.org --slack U012AB3CD')
  expect(open()).toHaveLength(3)
  await app.run('oncall member add ann --email ann@new.example.org')
  expect(open()).toEqual(['mailto:ben@example.org', 'telegram:7'])
})

it('an escalation notifies channels, people or whoever is on call', async () => {
  const add = (to: string) => app.text(`escalations add second --after 15m --to ${to}`)
  expect(await add('oncall')).toContain('There is no rotation yet. "oncall add primary')
  await app.run('oncall add primary --members ann')
  expect(await add('oncall:nights')).toContain('There is no rotation "nights". The rotations are primary. "oncall add')
  expect(await add('nobody')).toContain('"nobody" is not a channel, a person or oncall. ')
  expect(await add('","')).toContain('Name 1 to 20, separated by commas.')
  expect(await add(Array(21).fill('ann').join())).toContain('Name 1 to 20, separated by commas.')
  app.state.db.insert(channels).values({ id: 'slack:1', name: '#ops', addedAt: 0 }).run()
  expect(await add('"oncall:primary, ann, #ops"')).toBe(
    '(good) Escalation second\nsecond: everything after 15m → oncall:primary, ann, slack:1',
  )
  expect(await app.result('escalations show second')).toMatchObject({
    escalation: {
      matcher: '',
      after_ms: 900_000,
      to: ['oncall:primary', 'person:ann', 'slack:1'],
      repeat: 0,
      set_by: 'Ann',
    },
  })
  expect(await app.text('escalations edit second --repeat 1')).toContain('slack:1, repeated 1 time')
  expect(
    await app.text('escalations edit second --repeat 0 --to ann --after 5m --matcher severity:critical'),
  ).toContain('second: severity:critical after 5m → ann')
  expect(await app.text('escalations edit second')).toContain('Name what to change')
  await app.run('escalations add third --after 1m --to ann --matcher severity:critical --repeat 2')
  expect((await app.run('escalations list')).card).toMatchObject({
    title: '2 escalations',
    rows: [{ name: 'third', action: { line: 'escalations show third' } }, { name: 'second' }],
  })
  expect(await app.text('escalations remove third', { interactive: true })).toContain(
    'Remove the escalation third?\nthird: severity:critical',
  )
  expect(await app.text('escalations remove third --yes', { interactive: true })).toBe(
    '(muted) The escalation third is removed',
  )
  await app.run('escalations remove second')
  expect(await app.text('escalations list')).toMatch(/^\(plain\) No escalations\nAlerts that nobody/)
})

it('labels to group by are read, each once', () => {
  expect(readLabelNames('all')).toEqual([])
  expect(readLabelNames('host, alertname host')).toEqual(['host', 'alertname'])
  for (const text of ['', 'a/b', Array.from({ length: 21 }, (_, i) => `l${i}`).join()])
    expect(() => readLabelNames(text)).toThrow('is no label.')
  expect(readLabelNames(Array.from({ length: 20 }, (_, i) => `l${i}`).join())).toHaveLength(20)
})
