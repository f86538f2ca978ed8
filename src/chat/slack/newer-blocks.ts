// Newer kinds of blocks, which Slack brings to workspaces one after the other: used until one is refused, and that is remembered.
// https://docs.slack.dev/reference/block-kit/blocks
import { webApi } from '@slack/bolt'
import type { Clock } from '../../clock.ts'
import { DAY } from '../../time.ts'
import type { PlatformMemory } from '../platform-definition.ts'
import { NEWER_KINDS, type NewerKind } from './newer-kinds.ts'
import type { Rendered } from './render.ts'

/** A refused kind is tried again after this long: the workspace may have got it meanwhile. */
const REFUSAL_LASTS_MS = 30 * DAY
const MEMORY_NAME = 'slack refused blocks'
/** The codes with which Slack refuses the form of a message. */
const REFUSED_FORM = /^invalid_(blocks|attachments)|^invalid_arguments$/
/** In these words Slack refuses a kind, whatever is in it; other words are about the content of this message. */
const ABOUT_THE_KIND =
  /unsupported|unknown|not (?:supported|enabled|allowed|available)|invalid (?:block )?type|feature/i

/** A memory that a restart empties. */
export const FORGETFUL: PlatformMemory = { read: () => null, write() {} }

export interface NewerBlocks {
  /** The kinds that must not be used now. */
  refused(): ReadonlySet<NewerKind>
  /**
   * Renders with what the workspace takes and sends that. A message that is refused because of newer kinds is sent at once
   * in the older form; a kind that the workspace does not know is remembered.
   */
  send<T>(render: (refused: ReadonlySet<NewerKind>) => Rendered, send: (message: Rendered) => Promise<T>): Promise<T>
}

/** The newer blocks of one workspace; `memory` outlives restarts. */
export function createNewerBlocks(clock: Pick<Clock, 'now'>, memory: PlatformMemory): NewerBlocks {
  let refusals = readRefusals(memory)

  const refused = (): ReadonlySet<NewerKind> => {
    const fresh = NEWER_KINDS.filter(
      kind => clock.now() - (refusals[kind] ?? Number.NEGATIVE_INFINITY) < REFUSAL_LASTS_MS,
    )
    return new Set(fresh)
  }
  const remember = (kinds: Iterable<NewerKind>) => {
    refusals = { ...refusals, ...Object.fromEntries([...kinds].map(kind => [kind, clock.now()])) }
    memory.write(MEMORY_NAME, JSON.stringify(refusals))
  }

  return {
    refused,
    async send(render, send) {
      const known = refused()
      const message = render(known)
      try {
        return await send(message)
      } catch (error) {
        const blamed = blamedKinds(error, message)
        if (blamed === null) throw error
        const result = await send(render(new Set([...known, ...blamed.kinds])))
        // Only a message that arrives without them shows that they were at fault.
        if (blamed.isForGood) remember(blamed.kinds)
        return result
      }
    },
  }
}

/** The kinds that a refusal is about, and whether the workspace does not know them at all; null when it is about something else. */
function blamedKinds(error: unknown, message: Rendered): { kinds: NewerKind[]; isForGood: boolean } | null {
  if (!(error instanceof webApi.WebAPIPlatformError) || !REFUSED_FORM.test(String(error.data.error))) return null
  const reasons = (error.data as { response_metadata?: { messages?: string[] } }).response_metadata?.messages ?? []
  const used = kindsIn(message)
  if (used.length === 0) return null
  const named = reasons.flatMap(reason => kindAt(message, reason) ?? [])
  const kinds = named.length > 0 ? [...new Set(named)] : reasons.length === 0 ? used : []
  if (kinds.length === 0) return null
  const words = reasons.join(' ')
  return { kinds, isForGood: words === '' || ABOUT_THE_KIND.test(words) }
}

/** The newer kind of the block that a reason of Slack points at, such as `… [json-pointer:/blocks/3/rows/0]`. */
function kindAt(message: Rendered, reason: string): NewerKind | null {
  const [, attachment, block] = /\/(?:attachments\/(\d+)\/)?blocks\/(\d+)/.exec(reason) ?? []
  if (block === undefined) return null
  const blocks = attachment === undefined ? message.blocks : (message.attachments[Number(attachment)]?.blocks ?? [])
  return kindOf(blocks[Number(block)])
}

function kindsIn({ blocks, attachments }: Rendered): NewerKind[] {
  const all = [...blocks, ...attachments.flatMap(({ blocks: own = [] }) => own)]
  return [...new Set(all.flatMap(block => kindOf(block) ?? []))]
}

function kindOf(block: { type: string } | undefined): NewerKind | null {
  if (block?.type === 'image' && 'slack_file' in block) return 'slack_file'
  return NEWER_KINDS.find(kind => kind === block?.type) ?? null
}

function readRefusals(memory: PlatformMemory): Partial<Record<NewerKind, number>> {
  try {
    return JSON.parse(memory.read(MEMORY_NAME) ?? '{}') as Partial<Record<NewerKind, number>>
  } catch {
    return {}
  }
}
