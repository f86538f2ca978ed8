// The state of every check for Prometheus. Written by hand and in slices: ten thousand checks would block pings for long.
import { setImmediate } from 'node:timers/promises'
import { listCheckStates } from '../../checks/checks.ts'
import type { State } from '../../state/database.ts'
import { SECOND } from '../../time.ts'

/** Checks that are written without a pause. */
const SLICE_SIZE = 1_000

const UP = 'vakt_check_up'
const LAST_BEAT = 'vakt_check_last_beat_seconds'

/** The metrics of each check in the text format of Prometheus. */
export async function readCheckMetrics(state: State): Promise<string> {
  const up = [`# HELP ${UP} Whether a check is up: 0 when it is down, else 1.`, `# TYPE ${UP} gauge`]
  const lastBeat = [
    `# HELP ${LAST_BEAT} When the last beat of a check arrived, in unix seconds.`,
    `# TYPE ${LAST_BEAT} gauge`,
  ]
  for (const [i, { check, project, status, lastBeatAt }] of listCheckStates(state).entries()) {
    if (i % SLICE_SIZE === SLICE_SIZE - 1) await setImmediate()
    const labels = `{check="${escapeLabel(check)}",project="${escapeLabel(project)}"}`
    up.push(`${UP}${labels} ${status === 'down' ? 0 : 1}`)
    if (lastBeatAt !== null) lastBeat.push(`${LAST_BEAT}${labels} ${lastBeatAt / SECOND}`)
  }
  return `${up.join('\n')}\n\n${lastBeat.join('\n')}\n`
}

/** As the text format escapes the values of labels. */
function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value
}
