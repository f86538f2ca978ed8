// The chain of the audit: whoever changes, removes or adds a row is found out, and pruning is no change.
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryState, type State } from '../state/database.ts'
import { DAY } from '../time.ts'
import { pruneAudit, readAudit, readAuditHead, verifyAudit, writeAudit } from './audit.ts'

const ANN = { platform: 'discord', id: '1', name: 'Ann' }
let state: State
beforeEach(() => {
  state = memoryState()
})

function verify(of = state) {
  const work = verifyAudit(of)
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

const write = (count: number, at = 0) => {
  for (let n = 0; n < count; n++) writeAudit(state, ANN, `checks add job-${n}`, 'done', at + n)
}
const sql = (text: string) => state.prepare(text).run()

it('an audit that nobody touched is whole, empty or long', () => {
  expect(verify()).toMatchObject({ rows: 0, broken: null })
  write(2_500)
  expect(verify()).toEqual({ rows: 2_500, head: readAuditHead(state), broken: null })
  // Others have their turn after each thousand rows.
  const work = verifyAudit(state)
  let pauses = 0
  while (!work.next().done) pauses++
  expect(pauses).toBe(2)
})

describe('somebody who writes into the file', () => {
  it.each([
    ['changes the line of', `update audit set line = 'checks list' where id = 5`],
    ['changes who did', `update audit set actor_name = 'Bob' where id = 5`],
    ['changes the account of', `update audit set actor_id = '2' where id = 5`],
    ['changes where', `update audit set platform = 'api' where id = 5`],
    ['changes when', 'update audit set at = at + 1 where id = 5'],
    ['changes the outcome of', `update audit set outcome = 'refused' where id = 5`],
    ['adds an address to', `update audit set address = '1.2.3.4' where id = 5`],
    ['adds a key to', `update audit set key_id = 'k_1' where id = 5`],
    ['adds a count to', 'update audit set count = 0 where id = 5'],
    ['renumbers', 'update audit set id = 50 where id = 10'],
    ['removes', 'delete from audit where id = 5'],
    ['removes the first of', 'delete from audit where id = 1'],
    ['removes the newest of', 'delete from audit where id = 10'],
    ['removes all of', 'delete from audit'],
    [
      'swaps two of',
      'update audit set id = 99 where id = 7; update audit set id = 7 where id = 8; update audit set id = 8 where id = 99',
    ],
    [
      'adds a copy to',
      `insert into audit select 11, at, platform, actor_id, actor_name, line, outcome, address, key_id, count, hash from audit where id = 10`,
    ],
    ['removes the head of', `delete from key_values where name = 'audit head'`],
    [
      'removes the head and the newest of',
      `delete from key_values where name = 'audit head'; delete from audit where id = 10`,
    ],
  ])('%s the rows is found out', (_, change) => {
    write(10)
    for (const part of change.split(';')) sql(part)
    expect(verify().broken).not.toBeNull()
  })

  it('is found out after later rows, too', () => {
    write(5)
    sql(`update audit set line = 'x' where id = 3`)
    write(5)
    expect(verify().broken).toMatchObject({ id: 3 })
  })
})

describe('pruning', () => {
  beforeEach(() => {
    write(5)
    write(5, 10 * DAY)
    pruneAudit(state, 405 * DAY)
  })

  it('removes old rows, leaves the anchor, and says so in the chain', () => {
    expect(readAudit(state, 20).map(row => row.id)).toEqual([11, 10, 9, 8, 7, 6])
    expect(readAudit(state, 1)[0]).toMatchObject({ platform: 'vakt', count: 5 })
    expect(verify()).toMatchObject({ rows: 6, broken: null })
  })

  it('of everything, and again and again, keeps the chain and the numbers', () => {
    for (let year = 2; year < 6; year++) {
      pruneAudit(state, year * 500 * DAY)
      write(2, year * 500 * DAY)
      expect(verify().broken).toBeNull()
    }
    expect(readAuditHead(state).id).toBeGreaterThan(15)
  })

  it('keeps a row of 400 days to the millisecond, and does not excuse one that is put in the place of another', () => {
    write(1, 420 * DAY - 1)
    write(1, 420 * DAY)
    pruneAudit(state, 820 * DAY)
    expect(readAudit(state, 9).map(({ line }) => line.slice(0, 12))).toEqual(['audit prune:', 'checks add j'])
    expect(verify().broken).toBeNull()
    sql(`insert into audit select 3, at, platform, actor_id, actor_name, line, outcome, address, key_id, count, hash
      from audit limit 1`)
    expect(verify().broken).toEqual({ id: 3, reason: 'it was added where rows had been pruned' })
  })

  it.each([
    ['one more row', 'delete from audit where id = 6'],
    ['the row of the pruning', 'delete from audit where id = 11'],
    ['the anchor', `delete from key_values where name = 'audit anchor'`],
    ['the anchor for another', `update key_values set value = '{"id":5,"hash":"00"}' where name = 'audit anchor'`],
  ])('does not excuse removing %s', (_, change) => {
    sql(change)
    expect(verify().broken).not.toBeNull()
  })
})

it('rows of an older Vakt are chained when the first one is added, and are safe from then on', () => {
  for (let id = 3; id < 8; id++)
    sql(
      `insert into audit (id, at, platform, actor_id, actor_name, line, outcome) values (${id}, 0, 'p', '1', 'n', 'x', 'done')`,
    )
  write(2)
  expect(verify()).toMatchObject({ rows: 7, broken: null, head: { id: 9 } })
  sql(`update audit set line = 'y' where id = 4`)
  expect(verify().broken).toMatchObject({ id: 4 })
})

it.each([
  [
    'a line break',
    'x\n2026-01-01 · admin (terminal) · checks remove all',
    'x\\n2026-01-01 · admin (terminal) · checks remove all',
  ],
  ['other controls', 'a\r\t\u0007\u2028\u202eb', 'a\\r\\t\\u0007\\u2028\\u202eb'],
])('%s never makes a second row', (_, text, escaped) => {
  writeAudit(state, { ...ANN, name: text }, text, text, 0)
  expect(readAudit(state, 5)).toMatchObject([{ line: escaped, actorName: escaped, outcome: escaped }])
})
