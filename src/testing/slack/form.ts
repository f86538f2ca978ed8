// Fills in a modal the way Slack's own client does, and refuses what that client would not let a person submit.
import { asList, asObject, asText, type Obj, type View } from './wire.ts'

/** What a person enters: by the field's label, block id or action id. */
export type Entries = Record<string, string | string[]>

/** The view with its state filled in. Throws when the client would not let the person submit it. */
export function fillIn(view: View, entries: Entries): View {
  const values: Record<string, Obj> = {}
  const left = new Set(Object.keys(entries))
  for (const block of view.blocks.filter(({ type }) => type === 'input')) {
    const element = asObject(block.element) ?? {}
    const label = asText(asObject(block.label)?.text)
    const names = [label, block.block_id, asText(element.action_id)]
    const name = names.find(candidate => left.has(candidate))
    if (name !== undefined) left.delete(name)
    const entered = name === undefined ? initial(element) : entries[name]
    if (empty(entered) && block.optional !== true) throw new Error(`the client insists on an entry for "${label}"`)
    values[block.block_id] = { [asText(element.action_id)]: stateOf(element, entered, label) }
  }
  if (left.size > 0) throw new Error(`the modal has no field called ${[...left].join(', ')}`)
  return { ...view, state: { values } }
}

function stateOf(element: Obj, entered: string | string[] | undefined, label: string): Obj {
  const type = asText(element.type)
  const text = Array.isArray(entered) ? (entered[0] ?? '') : (entered ?? '')
  const value = text === '' ? null : text
  if (type.endsWith('_input')) {
    checkLength(element, text, label)
    return { type, value }
  }
  const chosen = (wanted: string) => chosenOption(element, wanted, label)
  if (type === 'checkboxes' || type === 'multi_static_select')
    return { type, selected_options: [entered ?? []].flat().map(chosen) }
  if (type === 'static_select' || type === 'radio_buttons')
    return { type, selected_option: value === null ? null : chosen(value) }
  if (type === 'external_select')
    return { type, selected_option: value === null ? null : { text: { type: 'plain_text', text: value }, value } }
  const field = { users_select: 'selected_user', datepicker: 'selected_date', timepicker: 'selected_time' }[type]
  return { type, [field ?? 'selected_conversation']: value }
}

function checkLength(element: Obj, text: string, label: string): void {
  const max = typeof element.max_length === 'number' ? element.max_length : 3000
  const min = typeof element.min_length === 'number' ? element.min_length : 0
  if (text.length > max) throw new Error(`the client takes at most ${max} characters for "${label}"`)
  if (text !== '' && text.length < min) throw new Error(`the client wants at least ${min} characters for "${label}"`)
}

function chosenOption(element: Obj, wanted: string, label: string): Obj {
  const grouped = asList(element.option_groups).flatMap(group => asList(asObject(group)?.options))
  for (const item of [...asList(element.options), ...grouped]) {
    const option = asObject(item)
    if (option !== undefined && (option.value === wanted || asObject(option.text)?.text === wanted)) return option
  }
  throw new Error(`"${label}" has no option ${wanted}`)
}

/** What the field already holds when the person leaves it alone. */
function initial(element: Obj): string | string[] | undefined {
  if (typeof element.initial_value === 'string') return element.initial_value
  const option = asObject(element.initial_option)
  if (option !== undefined) return asText(option.value)
  const options = asList(element.initial_options)
  return options.length > 0 ? options.map(item => asText(asObject(item)?.value)) : undefined
}

function empty(entered: string | string[] | undefined): boolean {
  return entered === undefined || entered.length === 0
}
