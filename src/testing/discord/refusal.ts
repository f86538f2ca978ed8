// The errors Discord answers with: status, numeric code and body as the real API words them.

export interface FieldError {
  /** Where in the body, as in `['embeds', 0, 'title']`. */
  path: (string | number)[]
  code: string
  message: string
}

/** A request Discord turns down; the HTTP side writes `status` and `body` to the wire. */
export class Refusal extends Error {
  readonly status: number
  readonly code: number
  readonly body: Record<string, unknown>
  constructor(status: number, code: number, message: string, extra: Record<string, unknown> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.body = { message, code, ...extra }
  }
}

/** 50035 with the tree of field errors that the real API sends. */
export function invalidForm(errors: FieldError[]): Refusal {
  return new Refusal(400, 50035, 'Invalid Form Body', { errors: tree(errors) })
}

export const refusals = {
  unauthorized: () => new Refusal(401, 0, '401: Unauthorized'),
  noSuchRoute: () => new Refusal(404, 0, '404: Not Found'),
  methodNotAllowed: () => new Refusal(405, 0, '405: Method Not Allowed'),
  unknownChannel: () => new Refusal(404, 10003, 'Unknown Channel'),
  unknownGuild: () => new Refusal(404, 10004, 'Unknown Guild'),
  unknownMessage: () => new Refusal(404, 10008, 'Unknown Message'),
  unknownWebhook: () => new Refusal(404, 10015, 'Unknown Webhook'),
  unknownInteraction: () => new Refusal(404, 10062, 'Unknown interaction'),
  unknownCommand: () => new Refusal(404, 10063, 'Unknown application command'),
  tooManyCommandsToday: () =>
    new Refusal(400, 30034, 'Max number of daily application command creates has been reached (200)'),
  alreadyAcknowledged: () => new Refusal(400, 40060, 'Interaction has already been acknowledged.'),
  tooLarge: () => new Refusal(413, 40005, 'Request entity too large'),
  missingAccess: () => new Refusal(403, 50001, 'Missing Access'),
  notTheAuthor: () => new Refusal(403, 50005, 'Cannot edit a message authored by another user'),
  emptyMessage: () => new Refusal(400, 50006, 'Cannot send an empty message'),
  missingPermissions: () => new Refusal(403, 50013, 'Missing Permissions'),
  webhookTokenExpired: () => new Refusal(401, 50027, 'Invalid Webhook Token'),
  archivedThread: () => new Refusal(400, 50083, 'Thread is archived'),
  threadExists: () => new Refusal(400, 160004, 'A thread has already been created for this message'),
  /** A real quirk: this one is a 429 that carries a code. */
  tooManyOldEdits: (retryAfter: number) =>
    new Refusal(429, 30046, 'Maximum number of edits to messages older than 1 hour reached. Try again later.', {
      retry_after: retryAfter,
      global: false,
    }),
}

function tree(errors: FieldError[]): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const { path, code, message } of errors) {
    let node = root
    for (const step of path) {
      node[step] ??= {}
      node = node[step] as Record<string, unknown>
    }
    node._errors ??= []
    const list = node._errors as unknown[]
    list.push({ code, message })
  }
  return root
}
