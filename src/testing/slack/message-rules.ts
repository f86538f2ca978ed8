// Reads the parts of a message from a request and refuses what Slack refuses, with Slack's own error codes.
import { areTooLong, checkBlocks } from './block-kit.ts'
import { asList, asObject, asText, type Obj, SlackRefusal } from './wire.ts'

/** The checked parts of a message, and what Slack lets pass although it is an error of the app. */
export interface Draft {
  text: string
  blocks: Obj[]
  attachments: Obj[]
  metadata?: Obj
  violations: string[]
}

const MAX_TEXT = 40_000
// Slack counts this one in bytes, and only for edits.
const MAX_TEXT_OF_EDIT = 4000
const MAX_METADATA = 16_000

/** Reads and checks text, blocks, attachments and metadata. `allowEmpty` is for messages that carry a file. */
export function readDraft(args: Obj, kind: 'post' | 'edit', allowEmpty = false): Draft {
  const violations: string[] = []
  const blocks = readBlocks(args.blocks, 'blocks')
  const attachments = readAttachments(args.attachments)
  let text = asText(args.text)
  if (text.length > MAX_TEXT) {
    violations.push(`text of ${text.length} characters was truncated at ${MAX_TEXT}`)
    text = text.slice(0, MAX_TEXT)
  }
  if (kind === 'edit' && Buffer.byteLength(text) > MAX_TEXT_OF_EDIT) throw new SlackRefusal('msg_too_long')
  if (text === '' && blocks.length === 0 && attachments.length === 0 && !allowEmpty) throw new SlackRefusal('no_text')
  const withoutFallback = attachments.some(attachment => asText(attachment.fallback) === '')
  if (text === '' && (blocks.length > 0 || withoutFallback)) violations.push('no fallback text')
  const metadata = readMetadata(args.metadata)
  return { text, blocks, attachments, violations, ...(metadata && { metadata }) }
}

/** Who a text and the blocks beside it notify: `<!channel>`, `<!here>`, `<!everyone>`, `<@user>`, `<!subteam^id>`. */
export function findMentions(text: string, parts: readonly unknown[]): string[] {
  const found = new Set<string>()
  const scan = (value: string) => {
    for (const match of value.matchAll(/<(!channel|!here|!everyone|@[UW][A-Z0-9]+|!subteam\^[A-Z0-9]+)(\|[^>]*)?>/g))
      found.add(match[1] ?? '')
  }
  const walk = (value: unknown) => {
    for (const item of asList(value)) walk(item)
    const object = asObject(value)
    if (object === undefined) return
    if (object.type === 'mrkdwn' || object.type === 'markdown') scan(asText(object.text))
    for (const item of Object.values(object)) walk(item)
  }
  scan(text)
  walk(parts)
  return [...found]
}

function readBlocks(value: unknown, field: string): Obj[] {
  const blocks = parseJson(value, 'invalid_blocks_format')
  if (blocks === undefined) return []
  const complaints = checkBlocks(blocks, 'message', `/${field}`)
  if (complaints.length > 0) throw new SlackRefusal('invalid_blocks', complaints)
  if (areTooLong(asList(blocks))) throw new SlackRefusal('msg_blocks_too_long')
  return blocks as Obj[]
}

function readAttachments(value: unknown): Obj[] {
  const attachments = asList(parseJson(value, 'invalid_attachments'))
  if (attachments.length > 100) throw new SlackRefusal('too_many_attachments')
  return attachments.map((item, index) => {
    const attachment = asObject(item)
    if (attachment === undefined) throw new SlackRefusal('invalid_attachments')
    if (attachment.blocks !== undefined) readBlocks(attachment.blocks, `attachments/${index}/blocks`)
    return attachment
  })
}

function readMetadata(value: unknown): Obj | undefined {
  const parsed = parseJson(value, 'invalid_metadata_format')
  if (parsed === undefined) return undefined
  const metadata = asObject(parsed)
  if (typeof metadata?.event_type !== 'string' || asObject(metadata.event_payload) === undefined)
    throw new SlackRefusal('invalid_metadata_format')
  if (JSON.stringify(metadata).length > MAX_METADATA) throw new SlackRefusal('metadata_too_large')
  return metadata
}

/** Parameters arrive as JSON in a form field, or as themselves in a JSON body. */
function parseJson(value: unknown, code: string): unknown {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    throw new SlackRefusal(code)
  }
}
