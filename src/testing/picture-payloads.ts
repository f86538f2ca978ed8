// The messages behind the pictures of the documentation: what the renderers really send for cards of the gallery.
import type { Card } from '../card.ts'
import { renderComponents } from '../chat/discord/components.ts'
import { render as renderDiscord } from '../chat/discord/render.ts'
import { renderCard as renderSlack } from '../chat/slack/render.ts'
import type { Situation } from './situations.ts'

/** Of whom the pictures are, in a zone that is not UTC, as most readers have it. */
const TIME_ZONE = 'Europe/Oslo'
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

export type Payload = { platform: 'discord' | 'slack'; situation: string; message: Record<string, unknown> }

/** The pictures by the names of their files, and which card each shows. */
const PICTURES: Record<string, Pick<Payload, 'platform' | 'situation'>> = {
  'discord-alert': { platform: 'discord', situation: 'missed beat, firing' },
  'discord-chart': { platform: 'discord', situation: 'alert with a chart' },
  'discord-board': { platform: 'discord', situation: 'board, busy' },
  'discord-search': { platform: 'discord', situation: 'log search' },
  'slack-alert': { platform: 'slack', situation: 'failed job with output' },
  'slack-chart': { platform: 'slack', situation: 'alert with a chart' },
  'slack-board': { platform: 'slack', situation: 'board, busy' },
  'slack-search': { platform: 'slack', situation: 'log search' },
}

/** The payload of each picture. */
export function picturePayloads(situations: readonly Situation[]): Record<string, Payload> {
  return Object.fromEntries(
    Object.entries(PICTURES).map(([name, { platform, situation }]) => {
      const found = situations.find(one => one.name === situation)
      if (!found) throw new Error(`the gallery has no situation "${situation}"`)
      return [name, { platform, situation, message: messageOf(platform, found) }]
    }),
  )
}

/** What a platform is sent for a situation, without what differs from run to run. */
export function messageOf(platform: Payload['platform'], { card, isNotice }: Situation): Record<string, unknown> {
  const sent = platform === 'discord' ? discordMessage(card, isNotice) : slackMessage(card)
  return JSON.parse(JSON.stringify(sent).replace(UUID, '00000000-0000-4000-8000-000000000000'))
}

function discordMessage(card: Card, isNotice: boolean): object {
  const { body } = isNotice
    ? renderDiscord(card, undefined, undefined, TIME_ZONE)
    : renderComponents(card, undefined, TIME_ZONE)
  return body
}

function slackMessage(card: Card): object {
  return renderSlack(card, { timeZone: TIME_ZONE, ...(card.image ? { pictureId: card.image.name } : {}) })
}
