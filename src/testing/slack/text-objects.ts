// Checks of the small parts that every Block Kit block is made of: text objects, options, confirm dialogs.
import { asList, asObject, type Obj } from './wire.ts'

/** Collects complaints in the words Slack uses in `response_metadata.messages`. */
export type Complain = (problem: string, pointer: string) => void

/** Complains about properties that this kind of object does not have. */
export function checkKeys(value: Obj, allowed: readonly string[], pointer: string, complain: Complain): void {
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) complain(`invalid additional property: ${key}`, pointer)
  }
}

/** Complains about a string that is missing, empty or longer than `max` characters. */
export function checkString(value: unknown, max: number, pointer: string, complain: Complain): void {
  if (typeof value !== 'string') {
    complain('must be a string', pointer)
    return
  }
  if (value.length === 0) complain('must be more than 0 characters', pointer)
  if (value.length > max) complain(`must be less than ${max + 1} characters`, pointer)
}

/** Complains about a text object: its type, its length, and properties that do not belong to its type. */
export function checkText(
  value: unknown,
  max: number,
  pointer: string,
  complain: Complain,
  kinds: readonly string[] = ['plain_text', 'mrkdwn'],
): void {
  const text = asObject(value)
  if (text === undefined) {
    complain('must be a text object', pointer)
    return
  }
  if (!kinds.includes(String(text.type))) {
    complain(`must be one of: ${kinds.join(', ')}`, `${pointer}/type`)
    return
  }
  checkKeys(text, text.type === 'mrkdwn' ? ['type', 'text', 'verbatim'] : ['type', 'text', 'emoji'], pointer, complain)
  checkString(text.text, max, `${pointer}/text`, complain)
}

/** Complains about a plain text object. */
export function checkPlain(value: unknown, max: number, pointer: string, complain: Complain): void {
  checkText(value, max, pointer, complain, ['plain_text'])
}

/** Complains about a confirmation dialog. */
export function checkConfirm(value: unknown, pointer: string, complain: Complain): void {
  const confirm = asObject(value)
  if (confirm === undefined) {
    complain('must be an object', pointer)
    return
  }
  checkKeys(confirm, ['title', 'text', 'confirm', 'deny', 'style'], pointer, complain)
  checkPlain(confirm.title, 100, `${pointer}/title`, complain)
  checkText(confirm.text, 300, `${pointer}/text`, complain)
  if (confirm.confirm !== undefined) checkPlain(confirm.confirm, 30, `${pointer}/confirm`, complain)
  if (confirm.deny !== undefined) checkPlain(confirm.deny, 30, `${pointer}/deny`, complain)
  checkStyle(confirm.style, `${pointer}/style`, complain)
}

/** Complains about a style other than primary and danger. */
export function checkStyle(value: unknown, pointer: string, complain: Complain): void {
  if (value !== undefined && value !== 'primary' && value !== 'danger') {
    complain('must be one of: primary, danger', pointer)
  }
}

/** Complains about a list of options: how many, their texts and their values, and values given twice. */
export function checkOptions(
  value: unknown,
  min: number,
  max: number,
  pointer: string,
  complain: Complain,
  kinds: readonly string[] = ['plain_text'],
): void {
  const options = asList(value)
  if (options.length < min) complain(`must have at least ${min} items`, pointer)
  if (options.length > max) complain(`no more than ${max} items allowed`, pointer)
  const seen = new Set<unknown>()
  for (const [index, item] of options.entries()) {
    const at = `${pointer}/${index}`
    const option = asObject(item)
    if (option === undefined) {
      complain('must be an object', at)
      continue
    }
    checkKeys(option, ['text', 'value', 'description', 'url'], at, complain)
    checkText(option.text, 75, `${at}/text`, complain, kinds)
    checkString(option.value, 150, `${at}/value`, complain)
    if (option.description !== undefined) checkText(option.description, 75, `${at}/description`, complain, kinds)
    if (seen.has(option.value)) complain('duplicate option value', `${at}/value`)
    seen.add(option.value)
  }
}
