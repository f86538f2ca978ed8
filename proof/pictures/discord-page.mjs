// Draws messages of Discord with @skyra/discord-components-core. What it does not know (containers, sections and the small
// print of Components V2) is drawn here, and named in the caption of the page.
import '@skyra/discord-components-core'

const STYLES = { 1: 'primary', 2: 'secondary', 3: 'success', 4: 'destructive', 5: 'secondary' }
const [ACTION_ROW, BUTTON, SELECT, SECTION, TEXT, GALLERY, SEPARATOR, CONTAINER] = [1, 2, 3, 9, 10, 12, 14, 17]

/** A letter on blue, as the manifest of the Slack app has it. */
const AVATAR = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80"><rect width="80" height="80" fill="#1d3557"/><text x="40" y="54" font-family="sans-serif" font-weight="bold" font-size="40" fill="#fff" text-anchor="middle">V</text></svg>')}`

/** Instants stand in the text as they are shown to a reader in Oslo at `now`. */
function timeText(seconds, style, now) {
  const at = Number(seconds) * 1000
  if (style === 'R') return relative(at - now)
  const format = style === 'T' ? { timeStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'medium' }
  return new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Oslo', ...format }).format(at)
}

function relative(ms) {
  const minutes = Math.round(ms / 60_000)
  const [value, unit] = Math.abs(minutes) < 60 ? [minutes, 'minute'] : [Math.round(minutes / 60), 'hour']
  return new Intl.RelativeTimeFormat('en').format(value, unit)
}

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/** The markdown that Vakt writes, as nodes: fences, headings, small print, bold, code, links and instants. */
export function markdown(text, now) {
  const nodes = []
  for (const [i, part] of text.split(/```(?:\w*\n)?/).entries()) {
    if (i % 2 === 1) nodes.push(element('pre', { class: 'fence' }, part.replace(/\n$/, '')))
    else
      nodes.push(
        ...part
          .replace(/^\n|\n$/g, '')
          .split('\n')
          .filter((line, _at, all) => line !== '' || all.length > 1)
          .map(line => lineNode(line, now)),
      )
  }
  return nodes
}

function lineNode(line, now) {
  const [, heading] = /^### (.*)$/.exec(line) ?? []
  if (heading !== undefined) return element('div', { class: 'heading' }, ...inline(heading, now))
  const [, small] = /^-# (.*)$/.exec(line) ?? []
  if (small !== undefined) return element('div', { class: 'small' }, ...inline(small, now))
  return element('div', { class: 'line' }, ...inline(line, now))
}

const INLINE =
  /\*\*((?:\\.|[^*])+)\*\*|(?<!\\)``? ?((?:\\`|[^`])+?) ?(?<!\\)``?|\[([^\]]*)\]\(<?([^)>]*)>?\)|<t:(\d+):(\w)>/g

function inline(text, now) {
  const nodes = []
  let end = 0
  for (const match of text.matchAll(INLINE)) {
    nodes.push(plain(text.slice(end, match.index)))
    const [, bold, code, label, , seconds, style] = match
    if (bold !== undefined) nodes.push(element('b', {}, ...inline(bold, now)))
    else if (code !== undefined) nodes.push(element('discord-code', {}, code))
    else if (label !== undefined) nodes.push(element('discord-link', {}, plain(label)))
    else nodes.push(element('discord-time', {}, timeText(seconds, style, now)))
    end = match.index + match[0].length
  }
  nodes.push(plain(text.slice(end)))
  return nodes
}

const plain = text => text.replace(/\\(.)/g, '$1').replace(/\u200b/g, '')

function button({ label, style }) {
  return element('discord-button', { type: STYLES[style] ?? 'secondary' }, label)
}

function actionRow({ components }) {
  const [first] = components
  if (first?.type === SELECT)
    return element('div', { class: 'select' }, first.placeholder ?? '', element('span', {}, '⌄'))
  return element('discord-action-row', {}, ...components.map(button))
}

const colourOf = colour => `#${(colour ?? 0x4e5058).toString(16).padStart(6, '0')}`

function embedNode(embed, files, now) {
  const { title, description, fields = [], footer, image, color } = embed
  return element(
    'div',
    { class: 'container', style: `border-left:4px solid ${colourOf(color)}` },
    ...(title ? [element('div', { class: 'heading' }, plain(title))] : []),
    ...markdown(description ?? '', now),
    ...fields.map(field =>
      element('div', { class: 'line' }, element('b', {}, plain(field.name)), ' ', ...inline(field.value, now)),
    ),
    ...(image ? [pictureNode(image.url, files)] : []),
    ...(footer ? [element('div', { class: 'small' }, footer.text)] : []),
  )
}

const pictureNode = (url, files) =>
  element('img', { src: files[url.replace('attachment://', '')] ?? '', class: 'picture' })

function componentNode(part, files, now) {
  if (part.type === CONTAINER) {
    const style = `border-left:4px solid ${colourOf(part.accent_color)}`
    return element('div', { class: 'container', style }, ...part.components.map(one => componentNode(one, files, now)))
  }
  if (part.type === TEXT) return element('div', { class: 'text' }, ...markdown(part.content, now))
  if (part.type === SECTION) {
    const texts = part.components.map(one => componentNode(one, files, now))
    return element(
      'div',
      { class: 'section' },
      element('div', {}, ...texts),
      element('discord-action-row', {}, button(part.accessory)),
    )
  }
  if (part.type === GALLERY) return pictureNode(part.items[0].media.url, files)
  if (part.type === SEPARATOR) return element('hr')
  if (part.type === ACTION_ROW) return actionRow(part)
  if (part.type === BUTTON) return button(part)
  return element('div', {}, `[a component of type ${part.type}]`)
}

/** One message as Discord shows it; `files` are data URLs by name. */
export function messageNode({ content, embeds, components = [] }, files, now) {
  const body = element('div', { class: 'body' })
  if (content) body.append(...markdown(content, now))
  for (const embed of embeds ?? []) body.append(embedNode(embed, files, now))
  for (const part of components) body.append(componentNode(part, files, now))
  const shown = element('discord-message', { author: 'Vakt', bot: 'true', avatar: AVATAR, 'twenty-four': 'true' }, body)
  shown.timestamp = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Oslo', timeStyle: 'short' }).format(now)
  return element('discord-messages', {}, shown)
}

const { messages, files, now } = JSON.parse(document.getElementById('data').textContent)
const page = document.getElementById('page')
for (const { title, message } of messages) {
  const box = element('section')
  if (title) box.append(element('h2', {}, title))
  box.append(messageNode(message, files, now))
  page.append(box)
}
// The components draw themselves in later turns.
setTimeout(
  () => document.documentElement.setAttribute('data-height', String(page.getBoundingClientRect().height)),
  2_000,
)
