// Checks a list of blocks against every limit Slack documents for messages and modals, and the one it does not.
import { checkElement } from './block-elements.ts'
import { type Complain, checkKeys, checkPlain, checkString, checkText } from './text-objects.ts'
import { asList, asObject, type Obj } from './wire.ts'

/** Where blocks are shown; the number of blocks allowed depends on it. */
export type Surface = 'message' | 'modal'

type Check = (block: Obj, pointer: string, complain: Complain) => string[]

// Measured by users, not documented: about 13,200 characters over all blocks of a message, of which an empty
// divider takes about 125.
const MAX_TOTAL = 13_200
const BLOCK_OVERHEAD = 100

const BLOCKS: Record<string, { keys: readonly string[]; surfaces: readonly Surface[]; check: Check }> = {
  header: { keys: ['text'], surfaces: ['message', 'modal'], check: checkHeader },
  section: { keys: ['text', 'fields', 'accessory', 'expand'], surfaces: ['message', 'modal'], check: checkSection },
  context: { keys: ['elements'], surfaces: ['message', 'modal'], check: checkContext },
  actions: { keys: ['elements'], surfaces: ['message', 'modal'], check: checkActions },
  divider: { keys: [], surfaces: ['message', 'modal'], check: () => [] },
  image: {
    keys: ['image_url', 'alt_text', 'title', 'slack_file'],
    surfaces: ['message', 'modal'],
    check: checkImageBlock,
  },
  input: {
    keys: ['label', 'element', 'dispatch_action', 'hint', 'optional'],
    surfaces: ['message', 'modal'],
    check: checkInput,
  },
  markdown: { keys: ['text'], surfaces: ['message'], check: checkMarkdown },
  rich_text: { keys: ['elements'], surfaces: ['message', 'modal'], check: checkRichText },
  table: { keys: ['rows', 'column_settings'], surfaces: ['message'], check: checkTable },
}

/** The complaints about these blocks, in Slack's words with a JSON pointer each; an empty list means they pass. */
export function checkBlocks(value: unknown, surface: Surface, pointer = '/blocks'): string[] {
  const complaints: string[] = []
  const complain: Complain = (problem, at) => complaints.push(`[ERROR] ${problem} [json-pointer:${at}]`)
  if (!Array.isArray(value)) return ['[ERROR] must be an array']
  const most = surface === 'modal' ? 100 : 50
  if (value.length > most) complain(`no more than ${most} items allowed`, pointer)
  const tables = value.filter(block => asObject(block)?.type === 'table').length
  if (tables > 1) complain('only one table allowed', pointer)
  const ids = new Set<unknown>()
  for (const [index, item] of value.entries()) {
    const at = `${pointer}/${index}`
    const block = asObject(item)
    const kind = BLOCKS[String(block?.type)]
    if (block === undefined || kind === undefined || !kind.surfaces.includes(surface)) {
      complain(`unsupported block type: ${String(block?.type)}`, at)
      continue
    }
    checkKeys(block, ['type', 'block_id', ...kind.keys], at, complain)
    if (block.block_id !== undefined) {
      checkString(block.block_id, 255, `${at}/block_id`, complain)
      if (ids.has(block.block_id)) complain('block_id already exists for another block', `${at}/block_id`)
      ids.add(block.block_id)
    }
    const actions = kind.check(block, at, complain)
    if (new Set(actions).size < actions.length) complain('action_id already exists for another element', at)
  }
  return complaints
}

/** Whether the blocks together exceed what a message may carry (`msg_blocks_too_long`). */
export function areTooLong(blocks: readonly unknown[]): boolean {
  return blocks.reduce<number>((sum, block) => sum + JSON.stringify(block).length + BLOCK_OVERHEAD, 0) > MAX_TOTAL
}

function checkHeader(block: Obj, at: string, complain: Complain): string[] {
  checkPlain(block.text, 150, `${at}/text`, complain)
  return []
}

function checkSection(block: Obj, at: string, complain: Complain): string[] {
  const fields = asList(block.fields)
  if (block.text === undefined && fields.length === 0) complain('must have text or fields', at)
  if (block.text !== undefined) checkText(block.text, 3000, `${at}/text`, complain)
  if (block.fields !== undefined && fields.length === 0) complain('must have at least 1 items', `${at}/fields`)
  if (fields.length > 10) complain('no more than 10 items allowed', `${at}/fields`)
  fields.forEach((field, index) => {
    checkText(field, 2000, `${at}/fields/${index}`, complain)
  })
  if (block.accessory === undefined) return []
  return withId(checkElement(block.accessory, 'accessory', `${at}/accessory`, complain))
}

function checkContext(block: Obj, at: string, complain: Complain): string[] {
  checkCount(block.elements, 10, at, complain)
  asList(block.elements).forEach((element, index) => {
    const pointer = `${at}/elements/${index}`
    if (asObject(element)?.type === 'image') checkElement(element, 'context', pointer, complain)
    else checkText(element, 3000, pointer, complain)
  })
  return []
}

function checkActions(block: Obj, at: string, complain: Complain): string[] {
  checkCount(block.elements, 25, at, complain)
  return asList(block.elements).flatMap((element, index) =>
    withId(checkElement(element, 'actions', `${at}/elements/${index}`, complain)),
  )
}

function checkImageBlock(block: Obj, at: string, complain: Complain): string[] {
  checkString(block.alt_text, 2000, `${at}/alt_text`, complain)
  if (block.slack_file === undefined) checkString(block.image_url, 3000, `${at}/image_url`, complain)
  if (block.title !== undefined) checkPlain(block.title, 2000, `${at}/title`, complain)
  return []
}

function checkInput(block: Obj, at: string, complain: Complain): string[] {
  checkPlain(block.label, 2000, `${at}/label`, complain)
  if (block.hint !== undefined) checkPlain(block.hint, 2000, `${at}/hint`, complain)
  return withId(checkElement(block.element, 'input', `${at}/element`, complain))
}

function checkMarkdown(block: Obj, at: string, complain: Complain): string[] {
  checkString(block.text, 12_000, `${at}/text`, complain)
  return []
}

function checkRichText(block: Obj, at: string, complain: Complain): string[] {
  const allowed = ['rich_text_section', 'rich_text_list', 'rich_text_preformatted', 'rich_text_quote']
  asList(block.elements).forEach((element, index) => {
    if (!allowed.includes(String(asObject(element)?.type)))
      complain('unsupported element type', `${at}/elements/${index}`)
    checkRichElements(asObject(element)?.elements, `${at}/elements/${index}`, complain)
  })
  if (asList(block.elements).length === 0) complain('must have at least 1 items', `${at}/elements`)
  return []
}

function checkRichElements(value: unknown, at: string, complain: Complain): void {
  asList(value).forEach((item, index) => {
    const element = asObject(item)
    if (element?.type === 'text') checkString(element.text, 12_000, `${at}/elements/${index}/text`, complain)
  })
}

/** The traps of tables: no empty cell, no empty setting, at most 100 rows of 20 cells, 10,000 characters together. */
function checkTable(block: Obj, at: string, complain: Complain): string[] {
  const rows = asList(block.rows).map(asList)
  if (rows.length === 0) complain('must have at least 1 items', `${at}/rows`)
  if (rows.length > 100) complain('no more than 100 items allowed', `${at}/rows`)
  let length = 0
  rows.forEach((row, r) => {
    if (row.length > 20) complain('no more than 20 items allowed', `${at}/rows/${r}`)
    if (row.length !== rows[0]!.length) complain('rows must have the same length', `${at}/rows/${r}`)
    row.forEach((item, c) => {
      const pointer = `${at}/rows/${r}/${c}`
      const cell = asObject(item)
      if (cell?.type !== 'raw_text' && cell?.type !== 'rich_text') complain('unsupported cell type', pointer)
      if (cell?.type === 'raw_text') checkString(cell.text, 10_000, `${pointer}/text`, complain)
      length += String(cell?.text ?? '').length
    })
  })
  if (length > 10_000) complain('too many characters in the table', `${at}/rows`)
  asList(block.column_settings).forEach((item, index) => {
    const settings = asObject(item)
    if (settings === undefined || !['left', 'center', 'right'].includes(String(settings.align)))
      complain('must provide an object', `${at}/column_settings/${index}`)
  })
  return []
}

function checkCount(value: unknown, max: number, at: string, complain: Complain): void {
  const count = asList(value).length
  if (count === 0) complain('must have at least 1 items', `${at}/elements`)
  if (count > max) complain(`no more than ${max} items allowed`, `${at}/elements`)
}

function withId(id: string | undefined): string[] {
  return id === undefined ? [] : [id]
}
