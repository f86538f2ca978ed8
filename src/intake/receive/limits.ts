// The limits of one request of log lines or alerts, and the sentences that name the command that raises them.
import { formatBinaryBytes, MEBIBYTE } from '../../bytes.ts'
import { Problem } from '../../problem.ts'
import type { Project } from '../../projects/projects.ts'
import { decompress } from './compression.ts'

/** The most that any project may allow: bytes of a body, and lines of a request. */
export const MAX_BODY_BYTES = 64 * MEBIBYTE
const MAX_LINES = 100_000

/** The problem of a body that is larger than its project allows; `when` is empty or `when it is decompressed`. */
export function bodyTooLarge({ name, bodyLimit }: Project, when = ''): Problem {
  const limit = Math.min(bodyLimit, MAX_BODY_BYTES)
  const more = formatBinaryBytes(Math.min(2 * limit, MAX_BODY_BYTES)).replace(' ', '')
  const raise = limit < MAX_BODY_BYTES ? `, or raise the limit: "projects edit ${name} --max-body ${more}"` : ''
  const larger = `The body is larger than ${limit} bytes${when === '' ? '' : ` ${when}`}`
  return new Problem('too_large', `${larger}, the limit of the project ${name}. Send it in smaller parts${raise}.`)
}

/** The problem of a request with more lines than its project allows. */
export function tooManyLines({ name, lineLimit }: Project): Problem {
  const more = Math.min(2 * lineLimit, MAX_LINES)
  const raise = lineLimit < MAX_LINES ? `, or raise the limit: "projects edit ${name} --max-lines ${more}"` : ''
  return new Problem(
    'too_large',
    `The request has more than ${lineLimit} lines, the limit of the project ${name}. Send smaller batches${raise}.`,
  )
}

/** A body as it was before `Content-Encoding`; throws as `decompress` does, and the limit is that of the project. */
export async function decompressFor(project: Project, raw: Buffer, encoding: string | null): Promise<Buffer> {
  if (encoding === null) return raw
  return decompress(raw, encoding, Math.min(project.bodyLimit, MAX_BODY_BYTES)).catch(error => {
    throw error instanceof Problem && error.code === 'too_large'
      ? bodyTooLarge(project, 'when it is decompressed')
      : error
  })
}
