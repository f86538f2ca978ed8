// Sends what a satellite received to its main, beats and log lines each in a stream of its own; and keeps its list of keys and checks.
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Rates } from '../../projects/rates.ts'
import type { Vault } from '../../projects/vault.ts'
import type { Directory } from '../../satellites/directories.ts'
import { saveDirectory } from '../../satellites/mirrors.ts'
import type { ReportAnswer } from '../../satellites/record.ts'
import type { Spool } from '../../satellites/spools.ts'
import type { State } from '../../state/database.ts'
import { SECOND } from '../../time.ts'
import { createMainClient, describeFailure, type SendToMain } from './main-client.ts'
import { createReportStream } from './report-stream.ts'

export type ReportLoopOptions = {
  state: State
  vault: Vault
  spool: Spool
  rates: Pick<Rates, 'used' | 'setElsewhere'>
  clock: Clock
  logger: Logger
  version: string
  /** The data folder and the boot of this machine; null when it cannot be told. */
  place: string | null
  /** The key of this satellite. */
  key: string
  send: SendToMain
  /**
   * Called before each report of beats, which tells the main that it has all of them: adds what is not in the spool yet. Returns
   * since when that cannot be told (epoch ms); null when it can.
   */
  onReport(): number | null
  /** Called after every attempt to reach the main; `failure` is why the main did not answer, null when it did, be it by a refusal. */
  onAttempt(failure: string | null, now: number): void
}

const DIRECTORY_TIMEOUT_MS = 15 * SECOND
/** The list is good for this long without asking again when a key or check is unknown, ms. */
const DIRECTORY_FRESH_MS = SECOND

export type ReportLoop = ReturnType<typeof createReportLoop>

/** The loop of a satellite. Nothing is sent before `start`. */
export function createReportLoop(options: ReportLoopOptions) {
  const { state, vault, clock, logger, version } = options
  const client = createMainClient(options.key, options.send)
  /** The version of the list that is stored; null before the first. */
  let held: string | null = null
  let directoryAt = Number.NEGATIVE_INFINITY
  let fetching: Promise<void> | null = null
  let mainVersion: string | null = null

  const fetchDirectory = async () => {
    const response = await client.request('/api/satellite/directory', { method: 'GET' }, DIRECTORY_TIMEOUT_MS)
    const directory = (await response.json()) as Directory
    // Whoever shows unknown keys makes it ask each second.
    if (directory.version !== held) saveDirectory(state, vault, directory)
    held = directory.version
    directoryAt = clock.now()
  }

  /** Fetches the list; requests at the same time share one. */
  const refresh = (): Promise<void> => {
    fetching ??= fetchDirectory().finally(() => {
      fetching = null
    })
    return fetching
  }

  const noteVersion = (of: string) => {
    if (of === mainVersion) return
    mainVersion = of
    if (of !== version) logger.warn('the main runs another version of Vakt; update both', { main: of, here: version })
  }

  const onAnswer = async (answer: ReportAnswer) => {
    noteVersion(answer.version)
    if (answer.directory !== held) await refresh()
  }
  const beats = createReportStream({ ...options, kind: 'beats', client, onAnswer })
  const lines = createReportStream({ ...options, kind: 'lines', client, onAnswer, onReport: () => null })
  const failures = () => Math.max(beats.status().failures, lines.status().failures)

  return {
    start() {
      beats.start()
      lines.start()
    },
    /** Sends once more what waits, if the main answers, and says that nothing follows. */
    async stop() {
      await Promise.all([beats.end(), lines.end()])
      await lines.sendLast(false)
      await beats.sendLast(true)
    },
    /** Something new waits. */
    wake() {
      beats.wake()
      lines.wake()
    },
    /**
     * Fetches the list of keys and checks because something is not in it. Resolves with whether it is up to date now; false
     * while the main does not answer.
     */
    async isUpToDate(): Promise<boolean> {
      if (clock.now() - directoryAt < DIRECTORY_FRESH_MS && held !== null) return true
      // The loop itself tries again every few seconds.
      if (beats.status().failures > 0) return false
      try {
        await refresh()
        return true
      } catch (error) {
        logger.warn('the list of keys and checks cannot be fetched', { reason: describeFailure(error) })
        return false
      }
    },
    status: () => ({
      isRemoved: client.isRemoved(),
      hasDirectory: held !== null,
      mainVersion,
      failures: failures(),
      failure: beats.status().failure ?? lines.status().failure,
      lastSuccessAt: beats.status().lastSuccessAt,
    }),
  }
}
