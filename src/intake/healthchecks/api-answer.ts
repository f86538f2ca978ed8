// What requests of Healthchecks' API are answered: JSON or text, errors as `{"error": …}`, and the headers for web pages.
import { SECURITY_HEADERS } from '../access/security-headers.ts'

/** Thrown by what answers a request: the status and the sentence of its error. */
export class ApiError extends Error {
  readonly status: number
  readonly headers: { readonly [name: string]: string }

  constructor(status: number, message: string, headers: { readonly [name: string]: string } = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** Every page may ask: what protects the API is the key, which a page must know. Source: hc/api/decorators.py. */
export function pageHeaders(methods: readonly string[]): { [name: string]: string } {
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'X-Api-Key',
    'access-control-allow-methods': [...methods, 'OPTIONS'].join(', '),
    'access-control-max-age': '600',
  }
}

export function jsonAnswer(body: object, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...SECURITY_HEADERS, 'content-type': 'application/json' },
  })
}

export function textAnswer(body: string | Uint8Array<ArrayBuffer>, status = 200, type = 'text/plain'): Response {
  return new Response(body, { status, headers: { ...SECURITY_HEADERS, 'content-type': type } })
}

/** The answer of `run`, with the headers for web pages, also where it throws an `ApiError`. */
export async function answerApi(
  methods: readonly string[],
  run: () => Response | Promise<Response>,
): Promise<Response> {
  const answer = await Promise.resolve()
    .then(run)
    .catch(error => {
      if (!(error instanceof ApiError)) throw error
      const failed = jsonAnswer({ error: error.message }, error.status)
      for (const [name, value] of Object.entries(error.headers)) failed.headers.set(name, value)
      return failed
    })
  for (const [name, value] of Object.entries(pageHeaders(methods))) answer.headers.set(name, value)
  return answer
}
