// Checks of interactive elements and images against the documented limits of Block Kit.
import {
  type Complain,
  checkConfirm,
  checkKeys,
  checkOptions,
  checkPlain,
  checkString,
  checkStyle,
} from './text-objects.ts'
import { asList, asObject, type Obj } from './wire.ts'

type Place = 'actions' | 'accessory' | 'input' | 'context'
type Check = (element: Obj, pointer: string, complain: Complain) => void
interface Kind {
  places: readonly Place[]
  keys: readonly string[]
  check?: Check
}

const MENU: readonly Place[] = ['actions', 'accessory', 'input']
const CHOSEN = ['initial_user', 'initial_conversation', 'initial_channel', 'initial_option', 'filter']
const CHOSEN_MANY = ['initial_users', 'initial_conversations', 'initial_channels', 'initial_options', 'filter']

const KINDS: Record<string, Kind> = {
  button: {
    places: ['actions', 'accessory'],
    keys: ['text', 'url', 'value', 'style', 'confirm', 'accessibility_label'],
    check: checkButton,
  },
  image: { places: ['accessory', 'context'], keys: ['image_url', 'alt_text', 'slack_file'], check: checkImage },
  overflow: {
    places: ['actions', 'accessory'],
    keys: ['options', 'confirm'],
    check: (element, at, complain) => checkOptions(element.options, 1, 5, `${at}/options`, complain),
  },
  checkboxes: { places: MENU, keys: ['options', 'initial_options', 'confirm', 'focus_on_load'], check: checkTicks },
  radio_buttons: { places: MENU, keys: ['options', 'initial_option', 'confirm', 'focus_on_load'], check: checkTicks },
  static_select: menu(['options', 'option_groups', ...CHOSEN], checkStaticMenu),
  multi_static_select: menu(['options', 'option_groups', 'max_selected_items', ...CHOSEN_MANY], checkStaticMenu),
  external_select: menu(['min_query_length', ...CHOSEN]),
  multi_external_select: menu(['min_query_length', 'max_selected_items', ...CHOSEN_MANY]),
  users_select: menu(CHOSEN),
  conversations_select: menu([...CHOSEN, 'default_to_current_conversation', 'response_url_enabled']),
  channels_select: menu([...CHOSEN, 'response_url_enabled']),
  datepicker: menu(['initial_date']),
  timepicker: menu(['initial_time', 'timezone']),
  datetimepicker: menu(['initial_date_time']),
  plain_text_input: { ...input(['multiline', 'min_length', 'max_length']), check: checkTextInput },
  number_input: { ...input(['is_decimal_allowed', 'min_value', 'max_value']), check: checkNumberInput },
  email_text_input: input([]),
  url_text_input: input([]),
}

/** Complains about one element standing in a block at `place`; returns its action id when it has one. */
export function checkElement(value: unknown, place: Place, pointer: string, complain: Complain): string | undefined {
  const element = asObject(value)
  const kind = KINDS[String(element?.type)]
  if (element === undefined || kind === undefined || !kind.places.includes(place)) {
    complain(`unsupported element type: ${String(element?.type)}`, pointer)
    return undefined
  }
  checkKeys(element, ['type', 'action_id', 'placeholder', ...kind.keys], pointer, complain)
  if (element.action_id !== undefined) checkString(element.action_id, 255, `${pointer}/action_id`, complain)
  if (element.placeholder !== undefined) checkPlain(element.placeholder, 150, `${pointer}/placeholder`, complain)
  if (element.confirm !== undefined) checkConfirm(element.confirm, `${pointer}/confirm`, complain)
  kind.check?.(element, pointer, complain)
  return typeof element.action_id === 'string' ? element.action_id : undefined
}

function menu(keys: readonly string[], check?: Check): Kind {
  return { places: MENU, keys: ['confirm', 'focus_on_load', ...keys], ...(check && { check }) }
}

function input(keys: readonly string[]): Kind {
  return { places: ['input'], keys: ['initial_value', 'focus_on_load', 'dispatch_action_config', ...keys] }
}

function checkButton(button: Obj, at: string, complain: Complain): void {
  checkPlain(button.text, 75, `${at}/text`, complain)
  if (button.value !== undefined) checkString(button.value, 2000, `${at}/value`, complain)
  if (button.url !== undefined) checkString(button.url, 3000, `${at}/url`, complain)
  if (button.accessibility_label !== undefined)
    checkString(button.accessibility_label, 75, `${at}/accessibility_label`, complain)
  checkStyle(button.style, `${at}/style`, complain)
}

function checkImage(image: Obj, at: string, complain: Complain): void {
  checkString(image.alt_text, 2000, `${at}/alt_text`, complain)
  if (image.slack_file === undefined) checkString(image.image_url, 3000, `${at}/image_url`, complain)
}

function checkTicks(element: Obj, at: string, complain: Complain): void {
  checkOptions(element.options, 1, 10, `${at}/options`, complain, ['plain_text', 'mrkdwn'])
}

function checkStaticMenu(element: Obj, at: string, complain: Complain): void {
  if (element.option_groups === undefined) {
    checkOptions(element.options, 1, 100, `${at}/options`, complain)
    return
  }
  const groups = asList(element.option_groups)
  if (groups.length > 100) complain('no more than 100 items allowed', `${at}/option_groups`)
  groups.forEach((item, index) => {
    const group = asObject(item) ?? {}
    checkPlain(group.label, 75, `${at}/option_groups/${index}/label`, complain)
    checkOptions(group.options, 1, 100, `${at}/option_groups/${index}/options`, complain)
  })
}

function checkTextInput(element: Obj, at: string, complain: Complain): void {
  const { min_length: min, max_length: max, initial_value: initial } = element
  if (min !== undefined && !(typeof min === 'number' && min >= 0 && min <= 3000))
    complain('must be between 0 and 3000', `${at}/min_length`)
  if (max !== undefined && !(typeof max === 'number' && max >= 1 && max <= 3000))
    complain('must be between 1 and 3000', `${at}/max_length`)
  if (typeof initial === 'string' && initial.length > (typeof max === 'number' ? max : 3000))
    complain('must be less than max_length', `${at}/initial_value`)
}

function checkNumberInput(element: Obj, at: string, complain: Complain): void {
  if (typeof element.is_decimal_allowed !== 'boolean') complain('missing required field', `${at}/is_decimal_allowed`)
}
