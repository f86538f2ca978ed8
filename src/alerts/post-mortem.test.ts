// An alert as a post-mortem: every fact in UTC, who did what, and no text that becomes Markdown of its own.
import { describe, expect, it } from 'vitest'
import { memoryState } from '../state/database.ts'
import { storeAlert } from '../testing/alerts.ts'
import { MINUTE } from '../time.ts'
import type { Alert } from './alert.ts'
import type { HistoryRow } from './alerts.ts'
import { postMortem } from './post-mortem.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const row = (more: Partial<HistoryRow>): HistoryRow =>
  ({ id: 1, alertId: 1, at: NOW, kind: 'fired', what: 'fired', by: null, note: null, ...more }) as HistoryRow
const write = (
  more: Partial<Alert> = {},
  history: HistoryRow[] = [],
  project: string | null = null,
  channels: string[] = [],
) =>
  postMortem(
    storeAlert(memoryState(), { title: 'api | down', key: 'check:1', since: NOW, firedAt: NOW + MINUTE, ...more }),
    project,
    history,
    channels,
    NOW + 5 * MINUTE,
  )

describe('a post-mortem', () => {
  it('of an open alert that nobody took says so', () => {
    const text = write()
    for (const line of [
      String.raw`# Alert 1: api \| down`,
      '| Severity | critical |',
      '| Project | – |',
      '| Detector | test-rule (`check:1`) |',
      '| Started | 2026-03-02 09:00:00 UTC |',
      '| Alert fired | 2026-03-02 09:01:00 UTC |',
      '| Acknowledged | never |',
      '| Time to acknowledge | – |',
      '| Resolved | not yet |',
      '| Duration | 5m so far |',
      '| Owner | – |',
      '| Channels | none |',
      '- empty',
      '- none',
      '```text\nnone\n```',
    ])
      expect(text).toContain(line)
  })

  it('of one that was taken and resolved says by whom, and how long it took', () => {
    const history = [
      row({}),
      row({ at: NOW + 2 * MINUTE, kind: 'acknowledged', what: 'acknowledged', by: 'Ann', note: 'on *it*' }),
      row({ at: NOW + 3 * MINUTE, kind: 'acknowledged', what: 'acknowledged again', by: 'Bo' }),
      row({ at: NOW + 4 * MINUTE, what: 'resolved', by: 'Ann' }),
    ]
    const text = write({ resolvedAt: NOW + 4 * MINUTE, resolvedBy: 'Ann', owner: 'Bo' }, history, 'shop', ['#a', '#b'])
    for (const line of [
      '| Project | shop |',
      '| Acknowledged | 2026-03-02 09:02:00 UTC by Ann |',
      '| Time to acknowledge | 1m |',
      '| Resolved | 2026-03-02 09:04:00 UTC by Ann |',
      '| Duration | 4m |',
      '| Owner | Bo |',
      String.raw`| Channels | \#a, \#b |`,
      '- 2026-03-02 09:00:00 UTC — fired\n',
      String.raw`- 2026-03-02 09:02:00 UTC — acknowledged by Ann: on \*it\*`,
      '## Actions by person\n\n- Ann: acknowledged, resolved\n- Bo: acknowledged again\n',
    ])
      expect(text).toContain(line)
    expect(write({ resolvedAt: NOW + MINUTE })).toContain('| Resolved | 2026-03-02 09:01:00 UTC, automatically |')
    expect(write({}, [row({ kind: 'acknowledged' })])).toContain('by somebody |')
  })

  it('has its labels and what was observed, behind a longer fence than any in it', () => {
    const text = write({
      labels: { host: 'web_1' },
      observation: {
        lines: ['It ````failed````.'],
        fields: [{ name: 'Field', value: 'a' }],
        facts: [{ name: 'Since', value: [{ time: NOW, style: 'moment' }] }],
        evidence: [{ kind: 'output', name: 'Output', text: 'boom' }],
      },
    })
    expect(text).toContain(String.raw`| Label host | web\_1 |`)
    expect(text).toContain('`````text\nIt ````failed````.\nField: a\nSince: 2026-03-02 09:00:00 UTC\n')
    expect(text).toContain('boom')
  })
})
