// The intake described for machines, as OpenAPI 3.1.

import type { Argument } from '../command/argument.ts'
import type { Command } from '../command/command.ts'
import { ALERT_PATHS } from './openapi-alerts.ts'

const ERROR = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string' },
        message: { type: 'string', description: 'A sentence for a person: what happened, and what to do.' },
        fields: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['code', 'message'],
    },
  },
}

const LINE = {
  type: 'object',
  required: ['message'],
  properties: {
    timestamp: {
      description: 'RFC 3339, or unix s, ms, µs or ns by magnitude; now when absent.',
      oneOf: [{ type: 'string' }, { type: 'number' }],
    },
    level: {
      type: 'string',
      description: 'trace, debug, info, warn, error, fatal; every common spelling and number is mapped.',
    },
    message: { type: 'string' },
    source: { type: 'string' },
    host: { type: 'string' },
    group: { type: 'string', description: 'Hierarchical, such as prod/api/auth.' },
    tags: { type: 'array', items: { type: 'string' } },
    fingerprint: { type: 'string' },
    stack: { type: 'string' },
    trace_id: { type: 'string' },
    span_id: { type: 'string' },
    attributes: { type: 'object', description: 'Unknown top-level fields go here too.' },
  },
}

const query = (name: string, description: string) => ({
  name,
  in: 'query',
  required: false,
  description,
  schema: { type: 'string' },
})
const text = (description: string) => ({ description, content: { 'text/plain': { schema: { type: 'string' } } } })
const json = (description: string, schema: object = { type: 'object' }) => ({
  description,
  content: { 'application/json': { schema } },
})
const refused = (...codes: number[]) => Object.fromEntries(codes.map(code => [code, json(REFUSALS[code]!, ERROR)]))

const REFUSALS: Record<number, string> = {
  400: 'Malformed; the message names the field.',
  401: 'No key, an unknown one, or a signature that is wrong, too old or used before.',
  403: 'The key may not do this.',
  404: 'Nothing there.',
  413: 'Larger than allowed, also after decompression.',
  415: 'A content type or encoding that is not known.',
  422: 'Valid JSON that is not a log.',
  429: 'A limit of yours; Retry-After says how long to wait.',
  503: 'A limit of ours; Retry-After says how long to wait.',
}

const PING = {
  parameters: [
    query('rid', 'The id (uuid) of a run, to pair its start and its end.'),
    query('create', '1 makes the check when there is none (slug URLs).'),
    query('period', 'With create=1: how often a beat comes, such as 5m; 1d unless said.'),
    query(
      'grace',
      'With create=1: how late a beat may be, such as 2m; half the period unless said, an hour at the most.',
    ),
  ],
  responses: {
    200: text('OK'),
    201: text('Created'),
    400: text('invalid url format, invalid uuid format'),
    404: text('not found'),
    409: text('ambiguous slug'),
  },
}

/** The OpenAPI document; `url` is where clients reach the intake. */
export function openApi(commands: readonly Command<never>[], url: string, version: string) {
  return {
    openapi: '3.1.0',
    info: { title: 'Vakt', version, description: 'Heartbeats, logs and commands of a self-hosted monitoring bot.' },
    servers: [{ url }],
    security: [{ bearer: [] }, { apiKey: [] }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
    },
    paths: {
      '/ping/{uuid}': {
        get: {
          summary: 'A beat; /start, /fail, /log or /<exit status> may follow',
          security: [],
          ...withPath(PING, 'uuid'),
        },
      },
      '/ping/{ping_key}/{slug}': {
        get: { summary: 'A beat by ping key and slug', security: [], ...withPath(PING, 'ping_key', 'slug') },
      },
      '/api/logs': {
        post: {
          summary: 'Store log lines',
          description:
            'One object, an array, {"logs":[…]}, {"events":[…]}, NDJSON or plain text; gzip, deflate, br or zstd. Idempotency-Key makes a retry store nothing twice.',
          parameters: ['source', 'host', 'group', 'level', 'tags'].map(name =>
            query(name, `The ${name} of lines that do not say.`),
          ),
          requestBody: {
            content: {
              'application/json': {
                schema: {
                  oneOf: [
                    LINE,
                    { type: 'array', items: LINE },
                    { type: 'object', properties: { logs: { type: 'array', items: LINE } } },
                  ],
                },
              },
              'application/x-ndjson': { schema: { type: 'string' } },
              'text/plain': { schema: { type: 'string' } },
            },
          },
          responses: {
            200: json('Stored: {accepted, rejected, errors:[{index, field, message}]}'),
            ...refused(400, 401, 413, 415, 422, 429, 503),
          },
        },
        get: {
          summary: 'Find log lines, newest first',
          parameters: [
            query('q', 'A query as in chat: "timeout level>=warn host:web-1 last:1h".'),
            query('limit', '1 to 1000, 100 unless said.'),
            query('cursor', 'The next of an earlier answer.'),
            query('format', 'json, ndjson or csv; the last two stream everything.'),
          ],
          responses: { 200: json('{logs, total, next}'), ...refused(400, 401, 403) },
        },
        delete: {
          summary: 'Remove log lines',
          parameters: [query('q', 'Which ones.'), query('all', 'true, to remove every line.')],
          responses: { 200: json('{removed}'), ...refused(400, 401, 403) },
        },
      },
      '/api/logs/{id}': {
        get: {
          summary: 'One log line',
          ...withPath({ responses: { 200: json('{log}'), ...refused(401, 404) } }, 'id'),
        },
      },
      '/api/logs/tail': {
        get: {
          summary: 'Follow log lines as server-sent events: ready, line, dropped',
          parameters: [query('q', 'Which lines.')],
          responses: { 200: { description: 'text/event-stream' }, ...refused(400, 401) },
        },
      },
      ...ALERT_PATHS,
      '/api/config': {
        get: {
          summary: 'Limits and sampling for clients, cacheable for five minutes',
          responses: { 200: json('The defaults, or those of the key’s project.') },
        },
      },
      '/api/commands': {
        post: {
          summary: 'Run a command',
          description: commands.map(command => `- \`${command.name}\` ${command.summary}`).join('\n'),
          requestBody: {
            content: {
              'application/json': {
                schema: {
                  oneOf: [
                    { type: 'object', required: ['line'], properties: { line: { type: 'string' } } },
                    ...commands.map(commandSchema),
                  ],
                },
              },
            },
          },
          responses: { 200: json('{ok, card, text, result}'), ...refused(400, 401, 403, 404) },
        },
      },
      '/healthz': { get: { summary: 'Whether the process answers', security: [], responses: { 200: text('ok') } } },
      '/readyz': {
        get: {
          summary: 'Whether every part works',
          security: [],
          responses: { 200: json('{ready, parts}'), 503: json('{ready, parts}') },
        },
      },
      '/metrics': {
        get: { summary: 'Figures for Prometheus', security: [], responses: { 200: text('Prometheus text format') } },
      },
    },
  }
}

function commandSchema(command: Command<never>) {
  const required = command.arguments.filter(argument => argument.required).map(argument => argument.name)
  const properties = Object.fromEntries(command.arguments.map(argument => [argument.name, argumentSchema(argument)]))
  return {
    type: 'object',
    title: command.name,
    required: ['command', 'args'],
    properties: {
      command: { const: command.name },
      args: { type: 'object', properties, ...(required.length > 0 ? { required } : {}) },
    },
  }
}

function argumentSchema(argument: Argument) {
  const types = { text: 'string', 'whole number': 'integer', number: 'number', flag: 'boolean', choice: 'string' }
  return {
    type: types[argument.kind],
    description: argument.summary,
    ...(argument.choices ? { enum: argument.choices } : {}),
  }
}

function withPath(operation: { parameters?: readonly object[] } & Record<string, unknown>, ...names: string[]) {
  const path = names.map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  return { ...operation, parameters: [...path, ...(operation.parameters ?? [])] }
}
