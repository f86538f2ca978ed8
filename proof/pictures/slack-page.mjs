// Draws messages of Slack with slack-blocks-to-jsx: reads {messages, files, now} from a file, writes HTML.
import { readFileSync } from 'node:fs'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { Message } from 'slack-blocks-to-jsx'

const { messages, files, now } = JSON.parse(readFileSync(process.argv[2], 'utf8'))

/** Instants as a reader in Oslo sees them; the component does not know all formats of Slack. */
function withInstants(value) {
  if (Array.isArray(value)) return value.map(withInstants)
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? instants(value) : value
  // The component takes `verbatim` for "no mrkdwn at all"; Slack only leaves bare links and names alone.
  const entries = Object.entries(value).filter(([key]) => key !== 'verbatim')
  return Object.fromEntries(entries.map(([key, inner]) => [key, withInstants(inner)]))
}

function instants(text) {
  return text.replace(/<!date\^(\d+)\^([^|>]*)\|[^>]*>/g, (_all, seconds, format) => {
    const at = Number(seconds) * 1000
    if (format.includes('{ago}')) return relative(at - now)
    const shown = format.includes('date') ? { dateStyle: 'medium', timeStyle: 'medium' } : { timeStyle: 'medium' }
    // The component takes `:22:` for an emoji; Slack does not.
    return new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Oslo', ...shown }).format(at).replaceAll(':', '∶')
  })
}

function relative(ms) {
  const minutes = Math.round(ms / 60_000)
  const [value, unit] = Math.abs(minutes) < 60 ? [minutes, 'minute'] : [Math.round(minutes / 60), 'hour']
  return new Intl.RelativeTimeFormat('en').format(value, unit)
}

/** A picture of Slack's own storage, from the files of the page. */
const withPictures = blocks =>
  blocks.map(block =>
    block.type === 'image' && block.slack_file
      ? { type: 'image', image_url: files[block.slack_file.id] ?? '', alt_text: block.alt_text }
      : block,
  )

const draw = blocks =>
  renderToStaticMarkup(
    createElement(Message, {
      blocks: withPictures(withInstants(blocks)),
      withoutWrapper: true,
      logo: '',
      name: 'Vakt',
      time: new Date(now),
    }),
  )

const bodies = messages.map(({ title, message }) => {
  const attachments = (message.attachments ?? []).map(
    ({ color, blocks }) => `<div class="attachment" style="border-left:4px solid ${color}">${draw(blocks)}</div>`,
  )
  const plain = message.blocks.length === 0 ? `<p>${escapeHtml(message.text)}</p>` : draw(message.blocks)
  const head = '<div class="head"><span class="avatar">V</span><b>Vakt</b> <span class="app">APP</span></div>'
  return `<section>${title ? `<h2>${escapeHtml(title)}</h2>` : ''}<div class="message">${head}${plain}${attachments.join('')}</div></section>`
})

function escapeHtml(text) {
  return text.replace(/[&<>]/g, character => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character])
}

process.stdout.write(bodies.join('\n'))
