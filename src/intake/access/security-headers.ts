// The headers of every answer, which keep browsers from guessing types, framing answers, and leaking URLs.

/** Nothing that Vakt answers is a page, except the documentation, which brings its own policy. */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** The answer with the headers added where it does not have its own. */
export function withSecurityHeaders(answer: Response | Promise<Response>): Response | Promise<Response> {
  return answer instanceof Response ? add(answer) : answer.then(add)
}

/** Answers that were made with the headers: to look at the headers of an answer costs more than to make it. */
const secured = new WeakSet<Response>()

/** The answer, which was made with `SECURITY_HEADERS`. */
export function asSecured(response: Response): Response {
  secured.add(response)
  return response
}

function add(response: Response): Response {
  if (secured.has(response)) return response
  const { headers } = response
  if (headers.has('x-content-type-options')) return response
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) if (!headers.has(name)) headers.set(name, value)
  return response
}
