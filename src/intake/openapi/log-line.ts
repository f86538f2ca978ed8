// Log lines as clients send them and as Vakt answers with them.
import { z } from 'zod'
import { LEVELS } from '../../logs/line.ts'

/** Unix times of 1973 and later, in seconds, milliseconds, microseconds or nanoseconds. */
const UNIX_TIME = z.number().min(1e8).max(8e21)

/**
 * A line as clients send it. Every logger has names of its own, and Vakt reads those of all common ones; these are the
 * names to use where there is a choice. It describes only: lines are read by src/logs/intake, which is much faster.
 */
export const SENT_LINE = z
  .looseObject({
    timestamp: z
      .union([z.iso.datetime({ offset: true }), UNIX_TIME])
      .optional()
      .describe('RFC 3339, or unix seconds, milliseconds, microseconds or nanoseconds (default: now).'),
    level: z
      .union([z.enum(LEVELS), z.string(), z.number()])
      .optional()
      .describe('Every common spelling and number is mapped to one of the six levels (default: read off the message).'),
    message: z
      .string()
      .min(1)
      .regex(/\S/)
      .describe('What happened. The names `msg`, `text`, `log` and others are read too.'),
    source: z.string().optional().describe('The program that wrote the line.'),
    host: z.string().optional().describe('The machine that it ran on.'),
    group: z.string().optional().describe('Where the program belongs, such as `prod/api/auth`.'),
    tags: z.array(z.string()).optional(),
    fingerprint: z
      .string()
      .optional()
      .describe('Groups error lines that are the same error (default: computed from message and stack).'),
    stack: z.string().optional().describe('The stack trace.'),
    trace_id: z.string().optional(),
    span_id: z.string().optional(),
    attributes: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Anything else. Unknown top-level fields are stored as attributes too.'),
  })
  .meta({
    id: 'SentLine',
    description: 'A log line as it is sent.',
    example: { level: 'error', message: 'payment failed' },
  })

/** A stored line. */
export const LOG_LINE = z
  .object({
    id: z.string().describe('Names the line for good, and sorts as the lines were stored.'),
    timestamp: z.iso.datetime().describe('When it happened, as its sender says.'),
    received_at: z.iso.datetime().describe('When Vakt received it.'),
    level: z.enum(LEVELS),
    message: z.string(),
    project: z.string(),
    source: z.string().nullable(),
    host: z.string().nullable(),
    group: z.string().nullable(),
    tags: z.array(z.string()).readonly(),
    fingerprint: z.string().nullable().describe('The same for all lines of one error; null below `error`.'),
    stack: z.string().nullable(),
    trace_id: z.string().nullable(),
    span_id: z.string().nullable(),
    attributes: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'LogLine', description: 'A stored log line.' })

/** What is wrong with one line or one alert of a request, by its place in it. */
export const ITEM_ERROR = z.object({
  index: z.int().min(0).describe('Its place in the request, from 0.'),
  field: z.string().describe('The field at fault; empty when it is the whole.'),
  message: z.string(),
})
