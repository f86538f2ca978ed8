// Asks the main, with the key of this satellite, and says in words why an answer is none of success.
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'

/** A request to the main; rejects when there is no answer. */
export type SendToMain = (path: string, init: RequestInit) => Promise<Response>

export type MainClient = ReturnType<typeof createMainClient>

const MAX_REASON_LENGTH = 300

/** The main is up, and does not take a report: its satellite was removed, it has no room for log lines, and the like. */
export class RefusedByMain extends Error {
  /** After how long the main wants to be asked again, ms; null when it does not say. */
  readonly retryAfterMs: number | null

  constructor(reason: string, retryAfterMs: number | null = null) {
    super(reason)
    this.retryAfterMs = retryAfterMs
  }
}

/** A client of the main. `key` is that of this satellite. */
export function createMainClient(key: string, send: SendToMain) {
  let isRemoved = false
  return {
    /** Whether the main said that it does not know this satellite any more. */
    isRemoved: () => isRemoved,
    /** Rejects with `RefusedByMain` when the main refuses, and with another error when it does not answer. */
    async request(path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
      const headers = { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string> | undefined) }
      const response = await send(path, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) })
      if (response.ok) {
        isRemoved = false
        return response
      }
      const { reason, code } = await readRefusal(response)
      // A proxy in between may ask for a password; only the main knows whether it removed this satellite.
      isRemoved = code === 'unauthorized'
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
      if (code !== null && response.status < 500)
        throw new RefusedByMain(reason, Number.isFinite(seconds) ? seconds * 1000 : null)
      throw new Error(reason)
    },
  }
}

/** Why an answer is none of success; `code` is null when it is not of Vakt. */
async function readRefusal(response: Response): Promise<{ reason: string; code: string | null }> {
  const text = await response.text().catch(() => '')
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    return { reason: `${response.status}: ${error.message}`.slice(0, MAX_REASON_LENGTH), code: error.code }
  } catch {
    return { reason: `status ${response.status}, which is no answer of Vakt`, code: null }
  }
}

/** Why a request failed, in words. */
export function describeFailure(error: unknown): string {
  if (error instanceof Problem) return error.message
  if (error instanceof Error && error.name === 'TimeoutError') return 'it did not answer in time'
  if (error instanceof TypeError && error.cause instanceof Error) return errorMessage(error.cause)
  return errorMessage(error)
}
