// POST /api/commands: runs a command and answers with its card, its text and its machine-readable result.
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono, type RouteHandler } from '@hono/zod-openapi'
import type { Handler } from 'hono'
import { z } from 'zod'
import { cardText } from '../chat/card-text.ts'
import type { CommandDispatcher, Request as CommandRequest } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import { Problem } from '../problem.ts'
import { errorMessage } from '../text.ts'
import { type AuthOptions, findRequester } from './auth.ts'
import { readWhole } from './body.ts'
import { lineEvent, sendLines } from './line-events.ts'
import { CARD_JSON, cardJson } from './openapi/card-json.ts'
import { commandSchema } from './openapi/command-schema.ts'
import { errors } from './openapi/responses.ts'
import { withKey } from './openapi/security.ts'
import type { TailPlaces } from './tail-places.ts'

export type CommandRoutesOptions = AuthOptions & {
  tailPlaces: TailPlaces
  dispatcher: CommandDispatcher
  clock: Clock
  timeZone: string
}

type Env = { Bindings: HttpBindings }

/** An export of another program is the largest argument. */
const MAX_BODY_BYTES = 1024 * 1024

const NEEDS_EVENTS =
  'This command follows lines, which a JSON answer cannot. Ask for text/event-stream in the Accept header, or leave out --follow.'

const LINE = z.object({ line: z.string().meta({ example: 'checks add nightly --every 1d' }) })
const WORDS = z.object({ words: z.array(z.string()).describe('A command line as a shell has split it into words.') })
const NAMED = z.object({ command: z.string(), args: z.record(z.string(), z.unknown()).nullish() })

const ANSWER = z.object({
  ok: z.literal(true),
  card: CARD_JSON,
  text: z.string().describe('The card as plain text.'),
  result: z.unknown().describe('The machine-readable answer; null where a command has none.'),
})

const EVENTS = z
  .string()
  .describe(
    'Events: `ready`, `line` with a line as JSON, `dropped` with the number of `lines` left out, `problem` with a `message` about why no lines come, `closed` with a `message` about why the stream ends.',
  )

const PATH = '/api/commands'

/** The route with the arguments of every command. */
export function describeCommands({ commands }: CommandDispatcher) {
  return createRoute({
    method: 'post',
    path: PATH,
    operationId: 'runCommand',
    tags: ['Commands'],
    summary: 'Run a command',
    description: [
      'Every command of the chats and the terminal: as a line, as words, or by its name with `args`. Where a body has more',
      'than one of these, the first of them counts. Numbers and flags in `args` may be written as text too. A refusal of the',
      'command itself has the status of its `code`.',
      '',
      ...commands.map(({ name, summary }) => `- \`${name}\` ${summary}`),
    ].join('\n'),
    ...withKey,
    request: {
      body: {
        required: true,
        content: {
          'application/json': {
            schema: { anyOf: [jsonSchema(LINE), jsonSchema(WORDS), ...commands.map(commandSchema)] },
          },
        },
      },
    },
    responses: {
      200: {
        description: 'The command is done, or the lines that it follows where the client accepts server-sent events.',
        content: { 'application/json': { schema: ANSWER }, 'text/event-stream': { schema: EVENTS } },
      },
      ...errors(400, 401, 403, 404, 409, 413, 422, 429, 500, 503),
    },
  })
}

/** The route of commands; `describeCommands` describes it, once the document is asked for. */
export function commandRoutes(options: CommandRoutesOptions) {
  const { dispatcher, clock, timeZone } = options
  const app = new OpenAPIHono<Env>()

  const run: RouteHandler<ReturnType<typeof describeCommands>, Env> = async c => {
    const body = await readWhole(c.req.raw, MAX_BODY_BYTES)
    if (body === null) throw new Problem('too_large', `A command may have at most ${MAX_BODY_BYTES} bytes.`)
    const requester = await findRequester(options, { request: c.req.raw, incoming: c.env?.incoming, rawBody: body })
    const reply = await dispatcher.run(readCommand(body.toString('utf8')), requester)
    if (!reply.ok) throw reply.problem
    if (reply.stream) {
      if (!takesEvents(c.req.header('accept'))) throw new Problem('invalid', NEEDS_EVENTS)
      const place = options.tailPlaces.take(requester)
      return (await sendLines(c, place, reply.stream, data => lineEvent(data))) as never
    }
    const text = cardText(reply.card, { timeZone, now: clock.now() })
    return c.json({ ok: true as const, card: cardJson(reply.card), text, result: reply.result }, 200)
  }
  app.on('POST', PATH, run as Handler<Env>)
  return app
}

/** The command that a body names. Throws `invalid`. */
function readCommand(text: string): CommandRequest {
  const forms = 'Send {"line":"checks list"} or {"command":"checks add","args":{"name":"nightly"}} as JSON.'
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw new Problem('invalid', `The body is not JSON (${errorMessage(error)}). ${forms}`, {
      fields: { body: 'is not JSON' },
    })
  }
  const request = z.union([LINE, WORDS, NAMED]).safeParse(body)
  if (!request.success)
    throw new Problem('invalid', `The body names no command. ${forms}`, {
      fields: { body: 'needs "line", or "command" with "args"' },
    })
  if ('command' in request.data) return { command: request.data.command, args: request.data.args ?? {} }
  return request.data
}

function takesEvents(accept: string | undefined): boolean {
  return accept?.includes('text/event-stream') ?? false
}

function jsonSchema(schema: z.ZodType) {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest as object
}
