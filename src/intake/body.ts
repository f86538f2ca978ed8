// Reading request bodies within limits, without ever holding more than the limit in memory.

/** What was read: the first bytes, up to the limit, how many came in all, and whether the sender broke off. */
export type ReadBody = { kept: Buffer; total: number; broken: boolean }

export const NO_BODY: ReadBody = { kept: Buffer.alloc(0), total: 0, broken: false }

/** Whether there is a body to be waited for. */
export function hasBody(request: Request): request is Request & { body: ReadableStream<Uint8Array> } {
  return request.method !== 'GET' && request.method !== 'HEAD' && request.body !== null
}

/** After so many bytes nobody listens any more; what was kept is used all the same. */
const MAX_READ_BYTES = 64 * 1024 * 1024

/**
 * The first `limit` bytes of a body; the rest is received and dropped. A body that breaks off counts as what came of it:
 * the sender's signal is in the URL and must not be lost to its body.
 */
export async function readStart(request: Request, limit: number): Promise<ReadBody> {
  if (!hasBody(request)) return NO_BODY
  const chunks: Uint8Array[] = []
  let kept = 0
  let total = 0
  let broken = false
  try {
    for await (const chunk of request.body) {
      if (kept < limit) chunks.push(chunk.subarray(0, limit - kept))
      kept = Math.min(limit, kept + chunk.length)
      total += chunk.length
      if (total > MAX_READ_BYTES) break
    }
  } catch {
    broken = true
  }
  return { kept: Buffer.concat(chunks), total, broken }
}

/** The whole body, or null when it is longer than `limit` bytes. */
export async function readWhole(request: Request, limit: number): Promise<Buffer | null> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) return null
  const { kept, total } = await readStart(request, limit)
  return total > limit ? null : kept
}
