// The media type of a request, without its parameters: clients add a charset, a version, or nothing.

/** `application/json` of `Application/JSON; charset=utf-8`; empty when there is none. */
export function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
}

/** Whether a body without a useful type is JSON: it begins with `{` or `[`. */
export function looksLikeJson(body: Buffer): boolean {
  return /^\uFEFF?\s*[[{]/.test(body.subarray(0, 200).toString('utf8'))
}
