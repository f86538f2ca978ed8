// What the URL and the headers of a request say about its log lines, the same for every protocol over HTTP.
import { z } from 'zod'
import { LEVELS, type Level } from '../../logs/line.ts'
import type { Batch } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { timeZoneId } from '../../time-zone.ts'

const MAX_IDEMPOTENCY_KEY_LENGTH = 200

/** The project that the admin key sends for. */
export const PROJECT_PARAMETER = z
  .string()
  .optional()
  .describe('The project, for the admin key (default: `default`). Any other key has its own project.')

/** The query in the document; `readDefaults` reads it, without this schema. */
export const LOG_QUERY = z.object({
  project: PROJECT_PARAMETER,
  source: z.string().optional().describe('The source of lines that name none.'),
  host: z.string().optional().describe('The host of lines that name none.'),
  group: z.string().optional().describe('The group of lines that name none.'),
  level: z.enum(LEVELS).optional().describe('The level of lines that show none.'),
  tags: z.string().optional().describe('The tags of lines that have none, separated by commas: `eu,canary`.'),
  tz: z
    .string()
    .optional()
    .describe(
      'The time zone of times that name none: `Europe/Oslo` (default: that of the source, the project, or Vakt).',
    ),
})

/** The headers in the document; `readIdempotencyKey` and `decompress` read them, without this schema. */
export const LOG_HEADERS = z.object({
  'Idempotency-Key': z
    .string()
    .max(MAX_IDEMPOTENCY_KEY_LENGTH)
    .optional()
    .describe('A key of your own: when it is sent again within a day, nothing is stored twice.'),
  'Content-Encoding': z
    .enum(['gzip', 'deflate', 'br', 'zstd', 'snappy', 'identity'])
    .optional()
    .describe('How the body is compressed; several, in the order they were applied, are separated by commas.'),
})

/** What lines are given where they do not say it themselves. Throws `invalid` for an unknown level. */
export function readDefaults(parameters: URLSearchParams): Batch['defaults'] {
  const [source, host, group] = ['source', 'host', 'group'].map(name => parameters.get(name))
  const level = readLevelParameter(parameters.get('level'))
  const tags = parameters
    .get('tags')
    ?.split(',')
    .map(tag => tag.trim())
    .filter(tag => tag !== '')
  return {
    ...(source == null ? {} : { source }),
    ...(host == null ? {} : { host }),
    ...(group == null ? {} : { group }),
    ...(level === null ? {} : { level }),
    ...(tags === undefined ? {} : { tags }),
  }
}

/** The zone of times that name none, or undefined. Throws `invalid` for an unknown one. */
export function readZoneParameter(parameters: URLSearchParams): string | undefined {
  const text = parameters.get('tz')
  return text === null || text === '' ? undefined : timeZoneId(text)
}

function readLevelParameter(text: string | null): Level | null {
  const level = text?.toLowerCase() ?? null
  if (level === null || LEVELS.includes(level as Level)) return level as Level | null
  throw new Problem('invalid', `level=${level.slice(0, 20)} is not a level. Use ${LEVELS.join(', ')}.`, {
    fields: { level: `must be one of ${LEVELS.join(', ')}` },
  })
}

/** The client's own key for the batch, or null. Throws `invalid` when it is too long. */
export function readIdempotencyKey(headers: Headers): string | null {
  const key = headers.get('idempotency-key')
  if (key === null || key.length <= MAX_IDEMPOTENCY_KEY_LENGTH) return key
  throw new Problem('invalid', `Idempotency-Key may have at most ${MAX_IDEMPOTENCY_KEY_LENGTH} characters.`, {
    fields: { 'idempotency-key': 'is too long' },
  })
}
