// Checks a modal against the limits Slack documents for views.
import { checkBlocks } from './block-kit.ts'
import { type Complain, checkKeys, checkPlain } from './text-objects.ts'
import { asList, asObject, type Obj, SlackRefusal } from './wire.ts'

const KEYS = [
  'type',
  'title',
  'blocks',
  'close',
  'submit',
  'private_metadata',
  'callback_id',
  'clear_on_close',
  'notify_on_close',
  'external_id',
  'submit_disabled',
]

/** The view that was sent, checked. Throws `invalid_arguments` with Slack's messages, or `view_too_large`. */
export function readView(value: unknown, type: 'modal' | 'home' = 'modal'): Obj {
  const view = asObject(typeof value === 'string' ? parse(value) : value)
  if (view === undefined) throw new SlackRefusal('invalid_arguments', ['[ERROR] missing required field: view'])
  const complaints: string[] = []
  const complain: Complain = (problem, at) => complaints.push(`[ERROR] ${problem} [json-pointer:${at}]`)
  checkKeys(view, KEYS, '/view', complain)
  if (view.type !== type) complain(`must be one of: ${type}`, '/view/type')
  if (type === 'modal') checkPlain(view.title, 24, '/view/title', complain)
  if (view.submit !== undefined) checkPlain(view.submit, 24, '/view/submit', complain)
  if (view.close !== undefined) checkPlain(view.close, 24, '/view/close', complain)
  checkOptional(view.private_metadata, 3000, '/view/private_metadata', complain)
  checkOptional(view.callback_id, 255, '/view/callback_id', complain)
  checkOptional(view.external_id, 255, '/view/external_id', complain)
  complaints.push(...checkBlocks(view.blocks, 'modal', '/view/blocks'))
  const hasInput = asList(view.blocks).some(block => asObject(block)?.type === 'input')
  if (hasInput && view.submit === undefined) complain('submit is required when an input block is used', '/view/submit')
  if (complaints.length > 0) throw new SlackRefusal('invalid_arguments', complaints)
  if (JSON.stringify(view).length > 250_000) throw new SlackRefusal('view_too_large')
  return view
}

function checkOptional(value: unknown, max: number, at: string, complain: Complain): void {
  if (value === undefined) return
  if (typeof value !== 'string') complain('must be a string', at)
  else if (value.length > max) complain(`must be less than ${max + 1} characters`, at)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SlackRefusal('invalid_arguments', ['[ERROR] view is not valid JSON'])
  }
}
