// Reports of other programs: the words, labels, links and times that they may have, and Vakt's own JSON to the letter.
import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../time.ts'
import { genericAlerts } from './generic-alerts.ts'
import {
  alertKey,
  answerReported,
  type ReportedAlert,
  readJson,
  readLabels,
  readLink,
  readSeverity,
  toFinding,
} from './reported-alert.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const report = (changes: Partial<ReportedAlert> = {}): ReportedAlert =>
  ({
    ...{
      key: 'db-1/disk',
      state: 'firing',
      title: 'The disk is full',
      severity: 'critical',
      since: null,
      endsAt: null,
    },
    ...({ labels: {}, lines: [], links: [], ...changes } as Partial<ReportedAlert>),
  }) as ReportedAlert
const finding = (changes: Partial<ReportedAlert> = {}, isNew = true) =>
  toFinding(report(changes), { id: 7, remindEvery: HOUR }, 'reported', isNew, NOW)

describe('a severity', () => {
  it.each([
    ['critical', 'critical'],
    [' P1 ', 'critical'],
    ['Error', 'critical'],
    ['p2', 'warning'],
    ['p4', 'info'],
    ['ok', 'info'],
    ['constructor', 'warning'],
    ['', 'warning'],
    [undefined, 'warning'],
  ])('%j is %s', (word, severity) => expect(readSeverity(word)).toBe(severity))
})

describe('the finding of a report', () => {
  it('belongs to its project, under a key that no alert of Vakt has', () => {
    expect(finding()).toMatchObject({
      ...{ key: 'reported:7:db-1/disk', detector: 'reported', projectId: 7, remindEvery: HOUR, owner: null },
      ...{ since: NOW, groupKey: null, occurrences: 1, observation: { lines: [] } },
    })
    expect(finding().observation).not.toHaveProperty('fields')
    expect(finding().observation).not.toHaveProperty('evidence')
    expect(finding({}, false).occurrences).toBe(0)
    expect(finding({ labels: { owner: 'dba' } }).owner).toBe('dba')
  })

  it.each([
    ['is kept', NOW - HOUR, NOW - HOUR],
    ['may be now', NOW, NOW],
    ['of the future is now', NOW + 1, NOW],
    ['may be 400 days ago', NOW - 400 * DAY, NOW - 400 * DAY],
    ['of longer ago is now', NOW - 400 * DAY - 1, NOW],
    ['that is not said is now', null, NOW],
  ])('its time %s', (_, since, shown) => expect(finding({ since }).since).toBe(shown))

  it('has one line of title, at most 200 characters', () => {
    expect(finding({ title: ' a\n\tb ' }).title).toBe('a b')
    expect(finding({ title: 'x'.repeat(200) }).title).toBe('x'.repeat(200))
    expect(finding({ title: 'x'.repeat(201) }).title).toBe(`${'x'.repeat(199)}…`)
  })

  it('has at most 20 lines', () => {
    expect(finding({ lines: Array.from({ length: 21 }, (_, i) => `l${i}`) }).observation.lines.length).toBe(20)
  })

  it('tells long keys apart', () => {
    const [a, b] = [`${'x'.repeat(300)}a`, `${'x'.repeat(300)}b`]
    expect(alertKey(1, 'x'.repeat(300))).toBe(`reported:1:${'x'.repeat(300)}`)
    expect(alertKey(1, a)).not.toBe(alertKey(1, b))
    expect(alertKey(1, a)).not.toBe(alertKey(2, a))
    expect(finding({ groupKey: 'g'.repeat(200) }).groupKey).toBe('g'.repeat(200))
    expect(finding({ groupKey: 'g'.repeat(201) }).groupKey).toMatch(/^g{199}… [0-9a-f]{16}$/)
  })

  it('shows its links side by side, and the labels that its title does not name', () => {
    const { observation } = finding({
      links: [
        { label: 'A', url: 'https://a/' },
        { label: 'B', url: 'https://b/' },
      ],
      title: 'DISK of data is full',
      labels: { host: 'db-1', severity: 'x', priority: 'p1', owner: 'dba', kind: 'disk', zone: 'eu' },
    })
    expect(observation.fields).toEqual([
      { name: 'More', value: [{ link: 'https://a/', label: 'A' }, ' · ', { link: 'https://b/', label: 'B' }] },
    ])
    expect(observation.evidence).toMatchObject([{ kind: 'table', cells: [['zone', 'eu']] }])
    const many = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`l${i}`, `v${i}`]))
    expect(finding({ labels: many }).observation.evidence).toMatchObject([{ cells: Object.entries(many).slice(0, 12) }])
  })
})

describe('labels', () => {
  it.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['are text', { a: 1, b: true, c: { x: 1 }, d: [1] }, { a: '1', b: 'true', c: '{"x":1}', d: '[1]' }],
    ['without a value are left out', { a: null, b: undefined, c: '', d: 0, e: false }, { d: '0', e: 'false' }],
    [
      'with other names are left out',
      { 'a b': 'x', '': 'x', [`${'n'.repeat(65)}`]: 'x', 'a.b-c_d': 'x' },
      { 'a.b-c_d': 'x' },
    ],
    ['that would inhibit others are renamed', { role: 'host-down' }, { exported_role: 'host-down' }],
    [
      'are cut',
      { a: 'x'.repeat(201), [`${'n'.repeat(64)}`]: 'y'.repeat(200) },
      { a: `${'x'.repeat(199)}…`, ['n'.repeat(64)]: 'y'.repeat(200) },
    ],
  ])('%s', (_, labels, read) => expect(readLabels(labels)).toEqual(read))

  it('are at most 40', () => {
    const many = Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`l${i}`, 'x']))
    expect(Object.keys(readLabels(many))).toEqual(Object.keys(many).slice(0, 40))
  })
})

it.each([
  ['https://a.example/x', ['https://a.example/x']],
  ['http://a.example', ['http://a.example/']],
  ['javascript:alert(1)', []],
  ['ftp://a.example/', []],
  ['a.example', []],
  [7, []],
  [`https://a/${'x'.repeat(1_990)}`, [`https://a/${'x'.repeat(1_990)}`]],
  [`https://a/${'x'.repeat(1_991)}`, []],
])('the link %s leads to the web or nowhere', (url, links) => {
  expect(readLink('L', url)).toEqual(links.map(link => ({ label: 'L', url: link })))
})

describe('the answer', () => {
  const none = { fired: 0, repeated: 0, resolved: 0, ignored: 0, errors: [] }
  const error = { index: 0, field: 'title', message: 'is missing' }
  it.each([
    [none, 200],
    [{ ...none, errors: [error] }, 422],
    ...(['fired', 'repeated', 'resolved', 'ignored'] as const).map((kind): [typeof none, number] => [
      { ...none, errors: [error] as never, [kind]: 1 },
      200,
    ]),
  ])('to %j is %i', (reported, status) => expect(answerReported(reported).status).toBe(status))

  it('has at most 100 reasons, and counts all', () => {
    const { body } = answerReported({ ...none, errors: Array.from({ length: 101 }, () => error) })
    expect([body.rejected, body.errors.length]).toEqual([101, 100])
  })

  it('to what is not JSON says so', () => {
    expect(() => readJson(Buffer.from('{'))).toThrow(/^The body is not JSON \(/)
  })
})

describe("an alert in Vakt's own JSON", () => {
  const parse = (body: unknown) =>
    genericAlerts.parse({ body: Buffer.from(JSON.stringify(body)), now: NOW } as never) as {
      reports: ReportedAlert[]
      errors: { index: number; field: string; message: string }[]
    }
  const read = (alert: object) => parse(alert).reports[0]
  const wrong = (alert: unknown) => parse([alert]).errors.map(({ field, message }) => `${field} ${message}`)

  it('needs little', () => {
    expect(read({ key: 'a', title: 'T' })).toEqual({
      ...{ key: 'a', groupKey: undefined, state: 'firing', title: 'T', severity: 'warning', since: null },
      ...{ endsAt: undefined, silenceMs: undefined, labels: {}, lines: [], links: [] },
    })
  })

  it('may have more', () => {
    expect(
      read({
        ...{ key: 7, title: ' T ', group_key: 'g', severity: 'p1', state: 'OPEN', since: '2026-03-02T08:00:00Z' },
        ...{ ends_at: '2026-03-02T10:00:00Z', resolve_after: '12h', labels: { host: 'db-1' }, lines: 'a\r\nb\nc' },
        link: 'https://a/',
      }),
    ).toEqual({
      ...{ key: '7', groupKey: 'g', state: 'firing', title: 'T', severity: 'critical', since: NOW - HOUR },
      ...{ endsAt: NOW + HOUR, silenceMs: 12 * HOUR, labels: { host: 'db-1' }, lines: ['a', 'b', 'c'] },
      links: [{ label: 'Link', url: 'https://a/' }],
    })
    expect(
      read({ key: 'a', title: 'T', lines: ['a\nb', 'c'], group_key: null, labels: null, link: null }),
    ).toMatchObject({
      ...{ lines: ['a\nb', 'c'], groupKey: undefined, labels: {}, links: [] },
    })
  })

  it.each(['firing', 'open', 'triggered', 'alerting', 'Firing'])('is firing when it is %s', state => {
    expect(read({ key: 'a', title: 'T', state })?.state).toBe('firing')
  })

  it.each(['resolved', 'ok', 'closed', 'Closed'])('is resolved when it is %s, and its key is enough', state => {
    expect(read({ key: 'a', state })).toMatchObject({ state: 'resolved', title: 'a' })
  })

  it.each<[unknown, string]>([
    [{ key: 'a' }, 'title is missing'],
    [{ key: 'a', title: ' ' }, 'title must not be empty'],
    [{ key: 'a', title: 'T', state: 'gone' }, 'state must be firing or resolved'],
    [{ key: 'a', title: 'T', resolve_after: '0s' }, 'resolve_after must be a duration such as 12h'],
    [{ key: 'a', title: 'T', resolve_after: 'soon' }, 'resolve_after must be a duration such as 12h'],
    [{ key: 'a', title: 'T', since: 'now' }, 'since must be a time such as 2026-11-21T15:04:00Z'],
    [{ title: 'T' }, 'key must be text that identifies the alert, such as "db-1/disk"'],
    [{ key: ' ', title: 'T' }, 'key must be text that identifies the alert, such as "db-1/disk"'],
    [{ key: 'x'.repeat(201), title: 'T' }, 'key must be at most 200 characters long'],
    [
      { key: 'a', title: 'T', group_key: ' ' },
      'group_key must be text that the alerts of a group have in common, such as "deploy-42"',
    ],
    [{ key: 'a', title: 'T', group_key: 'x'.repeat(1_001) }, 'group_key must be at most 1000 characters long'],
    [7, 'alert must be an object such as {"key":"db-1/disk","title":"The disk of db-1 is full"}'],
  ])('%j is refused beside others', (alert, error) => expect(wrong(alert)).toEqual([error]))

  it('comes alone, in a list, or in alerts; errors name their place', () => {
    const alert = { key: 'a', title: 'T' }
    expect(parse(alert).reports.length).toBe(1)
    expect(parse({ alerts: [alert, alert] }).reports.length).toBe(2)
    expect(parse([alert, {}, alert])).toMatchObject({ reports: [{}, {}], errors: [{ index: 1 }] })
    expect(parse([])).toEqual({ reports: [], errors: [] })
    for (const body of [7, null, 'x']) expect(() => parse(body)).toThrow('Send an alert as JSON')
    expect(() => parse(Array.from({ length: 10_001 }, () => 0))).toThrow('a list of at most 10000')
    expect(parse(Array.from({ length: 10_000 }, () => 0)).errors.length).toBe(10_000)
  })
})
