// Compares the counters in /metrics before and after a simulation with what it sent. Pure, but for the reading.
import type { Fetch } from './client.ts'

/** The samples of /metrics by name and labels, as they are written there. */
export type Samples = ReadonlyMap<string, number>

/** What a simulation sent to a project, by its own count. */
export type SentTotals = { lines: number; rejected: number; signals: Readonly<Partial<Record<string, number>>> }

/** Reads /metrics; null when the server has none, or does not answer. */
export async function readSamples(url: string, send: Fetch = fetch): Promise<Samples | null> {
  try {
    const response = await send(`${url}/metrics`, { method: 'GET' })
    return response.ok ? parseSamples(await response.text()) : null
  } catch {
    return null
  }
}

/** The samples of the text format of Prometheus. */
export function parseSamples(text: string): Samples {
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ')
    if (line.startsWith('#') || space <= 0) continue
    samples.set(line.slice(0, space), Number(line.slice(space + 1)))
  }
  return samples
}

/**
 * What the counters say against what was sent: one line each, with `isRight`. Lines are counted by project and must be exact;
 * beats are counted over all projects, so there may be more. Counters of a server that restarted say nothing.
 */
export function compareMetrics(
  before: Samples | null,
  after: Samples | null,
  sent: SentTotals,
  project: string,
): { isRight: boolean; lines: string[] } {
  if (before === null || after === null)
    return { isRight: false, lines: ['The metrics cannot be checked: /metrics did not answer.'] }
  const startedAt = 'process_start_time_seconds'
  if (before.get(startedAt) !== after.get(startedAt))
    return { isRight: false, lines: ['The metrics cannot be checked: Vakt restarted, and its counters began again.'] }
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  const label = `{project="${project.replace(/["\\]/g, '\\$&')}"}`
  const accepted = grown(`vakt_log_lines_accepted_total${label}`)
  const checks = [
    {
      name: 'lines accepted',
      counted: accepted,
      expected: sent.lines - sent.rejected,
      isRight: accepted === sent.lines - sent.rejected,
    },
    ...Object.entries(sent.signals).map(([kind, expected = 0]) => {
      const counted = grown(`vakt_beats_total{kind="${kind}"}`)
      return { name: `beats (${kind})`, counted, expected, isRight: counted >= expected }
    }),
  ]
  return {
    isRight: checks.every(({ isRight }) => isRight),
    lines: checks.map(
      ({ name, counted, expected, isRight }) =>
        `${isRight ? 'counted' : 'WRONG  '} ${name}: ${counted} in /metrics, ${expected} sent`,
    ),
  }
}
