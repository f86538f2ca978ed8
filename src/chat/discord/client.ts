// The REST client as Vakt uses it: it never waits out a rate limit, never repeats a request, and gives up in time.
import { DefaultRestOptions, REST, type RESTOptions, type ResponseLike } from 'discord.js'

/** How long one request may take. */
export const REQUEST_TIMEOUT_MS = 10_000

/** Options for a REST client that reports every failure at once instead of queueing or repeating. */
export function restOptions(apiUrl: string, timeout = REQUEST_TIMEOUT_MS): Partial<RESTOptions> {
  return { api: apiUrl, version: '10', retries: 0, timeout, rejectOnRateLimit: () => true, makeRequest }
}

/** A client with those options and the token. */
export function createRest(apiUrl: string, token: string, timeout?: number): REST {
  return new REST(restOptions(apiUrl, timeout)).setToken(token)
}

/**
 * The SDK never reads the body of a 429, but Discord also sends other errors with that status, above all 30046 (too many
 * edits of old messages). Those with a code become a 400, which the SDK turns into an error that carries the code.
 */
async function makeRequest(url: string, init: Parameters<RESTOptions['makeRequest']>[1]): Promise<ResponseLike> {
  const response = await DefaultRestOptions.makeRequest(url, init)
  if (response.status !== 429) return response
  const text = await response.text()
  const body = parseBody(text)
  const headers = new Headers([...response.headers])
  if (typeof body.code === 'number' && body.code > 0) return new Response(text, { status: 400, headers })
  // A proxy's 429 may lack the header, and then the SDK would retry at once.
  if (!headers.has('retry-after') && typeof body.retry_after === 'number')
    headers.set('retry-after', String(body.retry_after))
  return new Response(text, { status: 429, headers })
}

function parseBody(text: string): { code?: unknown; retry_after?: unknown } {
  try {
    return JSON.parse(text) as { code?: unknown; retry_after?: unknown }
  } catch {
    return {}
  }
}
