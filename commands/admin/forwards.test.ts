// Forwards as people and scripts are answered, with a receiver on loopback that takes what is sent or does not.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { listAlerts } from '../../src/alerts/alerts.ts'
import { applyResults } from '../../src/alerts/lifecycle.ts'
import { failingForwardKey } from '../../src/detectors/failing-forwards.ts'
import type { Forward } from '../../src/forwards/forward.ts'
import { findForward, listForwards } from '../../src/forwards/forwards.ts'
import { forwards } from '../../src/state/schema/index.ts'
import { aFinding } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { startReceiver } from '../../src/testing/receiver.ts'
import { HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.stop())

function begin(committedTo = 40) {
  const store = { linesAfter: async () => ({ lines: [], next: 0, committedTo }) }
  const runner = createCommandRunner({ store })
  return {
    ...runner,
    /** Stores a forward as it is after a while. */
    has: (name: string, changes: Partial<Forward> = {}) =>
      runner.state.db
        .insert(forwards)
        .values({
          ...{
            name,
            kind: 'http',
            shownAddress: `https://${name}.example.org`,
            targetSealed: Buffer.from('x'),
            query: '',
          },
          ...{ position: 0, createdBy: 'ann', createdAt: NOW, ...changes },
        } as never)
        .run(),
  }
}

it('a new one sends a test line with its headers, and then the new lines', async () => {
  const { run, state, context } = begin()
  const where = receiver.url.replace('http://', 'http://user:secret@')
  const { card, result } = await run(`forwards add ${where} --name lake --header "X-Api-Key: k1" --header "x-b:"`)
  expect(card).toMatchObject({
    ...{ title: 'New lines go to lake from now on', tone: 'good' },
    lines: [
      expect.stringMatching(/^A test line has arrived at http:\/\/127\.0\.0\.1:\d+\.$/),
      '"forwards list" shows how far it has come.',
    ],
  })
  expect(receiver.received).toHaveLength(1)
  expect(receiver.received[0]!.raw).toContain('A test from Vakt: Ann has log lines sent here.')
  expect(receiver.received[0]!.headers).toMatchObject({
    'x-api-key': 'k1',
    'x-b': '',
    authorization: expect.stringMatching(/^Basic/),
  })
  expect(JSON.stringify([card, result])).not.toContain('secret')
  const forward = findForward(state, 'lake')
  expect(forward).toMatchObject({ position: 40, query: '', projectId: null, createdBy: 'Ann', createdAt: NOW })
  expect(JSON.parse(context().vault.open(forward.targetSealed))).toEqual({
    address: where,
    headers: { 'x-api-key': 'k1', 'x-b': '' },
  })
  expect(result).toMatchObject({ forward: { id: 1, name: 'lake', project: null, last_sent_at: null, error: null } })
  expect((result as { forward: object }).forward).not.toHaveProperty('is_behind')
})

it('sends what is stored too where that is asked, of a project and a query', async () => {
  const { run, state } = begin()
  const { card } = await run(`forwards add ${receiver.url} --from-start --project default --query "level>=warn"`)
  expect(card.title).toBe('Stored and new lines go to 127.0.0.1 from now on')
  expect(findForward(state, '127.0.0.1')).toMatchObject({ position: 0, query: 'level>=warn', projectId: 1 })
})

it('an Alertmanager gets alerts, and no query', async () => {
  const { run, text, state } = begin()
  const where = receiver.url.replace('http:', 'alertmanager+http:').replace('/hook', '')
  const { card } = await run(`forwards add ${where} --name am`)
  expect(card).toMatchObject({
    title: 'Alerts go to am from now on',
    lines: [expect.stringMatching(/^alertmanager\+http:/), {}],
  })
  expect(findForward(state, 'am')).toMatchObject({ kind: 'alertmanager', position: 0 })
  expect(await text(`forwards add ${where} --query "level>=warn"`)).toContain('Alerts are sent as a whole')
  await expect(run(`forwards add ${where} --from-start`)).rejects.toMatchObject({
    fields: { from_start: expect.anything() },
  })
  await expect(run(`forwards add ${where} --query x`)).rejects.toMatchObject({ fields: { query: expect.anything() } })
  expect(await createCommandRunner().text(`forwards add ${where}`)).toContain('Alerts go to')
})

it('what cannot be sent to is not stored', async () => {
  const { run, text, state } = begin()
  receiver.answers({ status: 403 })
  await expect(run(`forwards add ${receiver.url}`)).rejects.toMatchObject({
    ...{ code: 'conflict', fields: { where: 'not reached' } },
    message: expect.stringContaining('The test did not arrive, and nothing is set: '),
  })
  const own = receiver.url.replace('/hook', '')
  expect(await text(`forwards add ${own}/in`, { publicUrl: own })).toContain('the address of Vakt itself')
  for (const [words, message] of [
    [`${receiver.url} --query "last:1h"`, 'must not name a time'],
    [`${receiver.url} --query "since:2026-01-01"`, 'must not name a time'],
    [`${receiver.url} --query "until:2026-01-01"`, 'must not name a time'],
    [`${receiver.url} --header nonsense`, 'A header is written "Name: value".'],
    [`${receiver.url} --project nothing`, 'There is no project'],
    ['gopher://x', 'That is not an address to send to. Write '],
  ] as const)
    expect(await text(`forwards add ${words}`)).toContain(message)
  expect(await createCommandRunner().text(`forwards add ${receiver.url}`)).toBe(
    'There is no log store, so there are no lines to send.',
  )
  expect(listForwards(state)).toEqual([])
})

it('the list says how far each has come, what was refused and what fails', async () => {
  const { text, result, has, run } = begin()
  expect(await text('forwards list')).toBe(
    '(plain) Nothing is sent on\nSend lines on: forwards add loki+https://logs.example.org --query "level>=warn"',
  )
  has('a', { position: 40 })
  expect(await text('forwards list')).toBe('(plain) 1 forward\na https://a.example.org: all lines; nothing sent yet')
  await run('projects add shop')
  has('b', { position: 39, query: 'level>=warn', projectId: 2, sent: 1, lastSentAt: NOW - MINUTE })
  has('c', { kind: 'alertmanager', sent: 2, lastSentAt: NOW - HOUR, projectId: 1 })
  has('d', { position: 40, refused: 1, lastError: 'too large' })
  has('e', { position: 40, refused: 2 })
  expect(await text('forwards list')).toBe(
    [
      '(plain) 5 forwards',
      'a https://a.example.org: all lines; nothing sent yet',
      'b https://b.example.org: lines of shop level>=warn; 1 line sent, the last 1m ago, more are waiting',
      'c https://c.example.org: alerts of default; 2 alerts sent, the last 1h ago',
      'd https://d.example.org: all lines; nothing sent yet',
      '  1 line refused by the receiver and left out. too large',
      'e https://e.example.org: all lines; nothing sent yet',
      '  2 lines refused by the receiver and left out.',
    ].join('\n'),
  )
  expect(await result('forwards list')).toMatchObject({
    forwards: [
      { name: 'a', is_behind: false, project: null, last_sent_at: null, failing_since: null },
      { name: 'b', is_behind: true, project: 'shop', last_sent_at: '2026-03-02T08:59:00.000Z' },
      ...[{ name: 'c', kind: 'alertmanager' }, {}, {}],
    ],
  })
  has('f', { position: 40, failingSince: NOW - HOUR, failures: 3 })
  expect(await text('forwards list')).toMatch(/^\(warning\) 6 forwards[\s\S]*\n {2}Fails since 1h ago: $/)
  expect(await text('forwards list', { store: null })).not.toContain('more are waiting')
})

it('a removal asks a person first, and ends the alert', async () => {
  const { text, has, state } = begin()
  has('siem')
  applyResults(state, [{ kind: 'firing', finding: aFinding(failingForwardKey(1), NOW) }], NOW)
  expect(await text('forwards remove siem', { interactive: true })).toContain(
    'Stop sending to siem?\nhttps://siem.example.org\n',
  )
  expect(listForwards(state)).toHaveLength(1)
  expect(await text('forwards remove siem --yes', { interactive: true })).toBe(
    '(muted) Nothing is sent to siem any more',
  )
  expect(listForwards(state)).toEqual([])
  expect(listAlerts(state, { open: true, limit: 9 })).toEqual([])
})
