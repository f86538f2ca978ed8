// Counters against what a simulation sent: right, wrong, restarted and absent.
import { expect, it } from 'vitest'
import { compareMetrics, parseSamples } from './metrics.ts'

const metrics = (accepted: number, beats: number, startedAt = 7) =>
  parseSamples(
    [
      '# HELP vakt_log_lines_accepted_total Stored log lines.',
      `vakt_log_lines_accepted_total{project="shop"} ${accepted}`,
      'vakt_log_lines_accepted_total{project="other"} 999',
      `vakt_beats_total{kind="success"} ${beats}`,
      `process_start_time_seconds ${startedAt}`,
      '',
    ].join('\n'),
  )
const SENT = { lines: 12, rejected: 2, signals: { success: 3 } }

it.each([
  ['all is counted', metrics(10, 0), metrics(20, 3), true, 'counted lines accepted: 10 in /metrics, 10 sent'],
  [
    'another project sends beats, too',
    metrics(10, 0),
    metrics(20, 30),
    true,
    'counted beats (success): 30 in /metrics',
  ],
  ['a line is not counted', metrics(10, 0), metrics(19, 3), false, 'WRONG   lines accepted: 9 in /metrics, 10 sent'],
  ['a line is counted twice', metrics(10, 0), metrics(21, 3), false, 'WRONG   lines accepted: 11'],
  ['a beat is not counted', metrics(10, 0), metrics(20, 2), false, 'WRONG   beats (success): 2'],
  ['Vakt restarted', metrics(10, 0), metrics(20, 3, 8), false, 'Vakt restarted'],
  ['there are no metrics', null, metrics(20, 3), false, '/metrics did not answer'],
])('%s', (_what, before, after, isRight, sentence) => {
  const verdict = compareMetrics(before, after, SENT, 'shop')
  expect([verdict.isRight, verdict.lines.join('\n')]).toEqual([isRight, expect.stringContaining(sentence)])
})
