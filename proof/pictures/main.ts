// Draws the pictures of the documentation: true messages of the renderers, by components of others, in headless Chromium.
// `npm run pictures`; the machine needs Debian's packages chromium, pngquant, fonts-noto-color-emoji and fonts-noto-cjk.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawChart, stopDrawing } from '../../src/charts/draw.ts'
import type { Theme } from '../../src/charts/time-chart.ts'
import { messageOf, type Payload, picturePayloads } from '../../src/testing/picture-payloads.ts'
import { playSituations } from '../../src/testing/situations.ts'

const HERE = import.meta.dirname
const OUT = join(HERE, '../../docs/pictures')
const CHROMIUM = process.env.CHROMIUM ?? 'chromium'
/** Of one message, and of a page of the gallery, in points. */
const WIDTH = 470
const GALLERY_WIDTH = 1_680
const SCALE = 2

type Page = { title?: string; message: Payload['message'] }
type Platform = Payload['platform']

const folder = mkdtempSync(join(tmpdir(), 'vakt-pictures-'))
if (!existsSync(join(HERE, 'node_modules')))
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: HERE, stdio: 'inherit' })
mkdirSync(OUT, { recursive: true })

const { situations, now } = await playSituations()
const files = { discord: await chartFiles('dark', now), slack: await chartFiles('light', now) }
const payloads = picturePayloads(situations)
writeFileSync(join(OUT, 'payloads.json'), `${JSON.stringify({ now, payloads }, null, 2)}\n`)
for (const [name, { platform, message }] of Object.entries(payloads)) draw(name, platform, [{ message }], WIDTH)
for (const platform of ['discord', 'slack'] as const) {
  const all = situations.map(situation => ({ title: situation.name, message: messageOf(platform, situation) }))
  draw(`gallery-${platform}`, platform, all, GALLERY_WIDTH)
}
await stopDrawing()
rmSync(folder, { recursive: true })
process.exit(0)

/** The charts of the situations, as data URLs by the names of their files. */
async function chartFiles(theme: Theme, until: number): Promise<Record<string, string>> {
  const from = until - 3_600_000
  const points = Array.from({ length: 60 }, (_, i) => {
    const value = i < 42 ? 35 + 12 * Math.sin(i / 4) : Math.min(98, 60 + (i - 41) * 9)
    return [from + i * 60_000, Math.round(value)] as const
  })
  const png = await drawChart({
    ...{ title: 'web-1: CPU above 90 % for 5 minutes', kind: 'lines', unit: '%', timeZone: 'Europe/Oslo' },
    ...{ from, until, max: 100, theme, series: [{ name: 'cpu', colour: '#3182ce', points }] },
    threshold: { value: 90, name: '90 %' },
    marks: [{ at: until - 12 * 60_000, name: 'alert 12', kind: 'alert' }],
  })
  return { 'alert-12.png': `data:image/png;base64,${Buffer.from(png).toString('base64')}` }
}

function draw(name: string, platform: Platform, messages: readonly Page[], width: number): void {
  const html = join(folder, `${name}.html`)
  const data = { messages, files: files[platform], now }
  const isGallery = messages.length > 1
  writeFileSync(html, platform === 'discord' ? discordPage(data, isGallery) : slackPage(data, isGallery))
  const common = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--virtual-time-budget=8000']
  const size = (height: number) => `--window-size=${width},${height}`
  const dom = execFileSync(CHROMIUM, [...common, size(800), '--dump-dom', `file://${html}`], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const height = Math.ceil(Number(/data-height="([\d.]+)"/.exec(dom)?.[1] ?? 800))
  const png = join(OUT, `${name}.png`)
  const scale = `--force-device-scale-factor=${isGallery ? 1 : SCALE}`
  execFileSync(CHROMIUM, [...common, size(height), scale, `--screenshot=${png}`, `file://${html}`], { stdio: 'ignore' })
  spawnSync('pngquant', ['--force', '--skip-if-larger', '--ext', '.png', '--quality', '70-95', png])
  console.log(`pictures: ${name}.png, ${width} × ${height}, ${Math.round(readFileSync(png).length / 1024)} kB`)
}

function discordPage(data: object, isGallery: boolean): string {
  const esbuild = join(HERE, 'node_modules/esbuild-wasm/bin/esbuild')
  const bundle = join(folder, 'discord.js')
  if (!existsSync(bundle))
    execFileSync(
      process.execPath,
      [
        esbuild,
        join(HERE, 'discord-page.mjs'),
        '--bundle',
        '--format=iife',
        `--outfile=${bundle}`,
        '--log-level=error',
      ],
      { stdio: 'inherit' },
    )
  const json = JSON.stringify(data).replaceAll('<', '\\u003c')
  const style = `body{background:#313338;color:#dbdee1;font:16px/1.375 'Noto Sans','DejaVu Sans',sans-serif}
    discord-messages{border:none!important;background:transparent!important;min-height:0!important}
    .container{background:#2b2d31;border-radius:8px;padding:12px 14px;margin-top:6px;max-width:520px}
    .heading{font-weight:700;font-size:18px;color:#f2f3f5;margin:2px 0 4px} .small{font-size:12px;color:#949ba4;margin-top:4px}
    .fence{background:#1e1f22;border:1px solid #232428;border-radius:4px;padding:8px;margin:6px 0;font:12px/1.35 'DejaVu Sans Mono',monospace;white-space:pre-wrap}
    .section{display:flex;gap:10px;justify-content:space-between;align-items:center;margin:6px 0} .section discord-action-row{flex:none}
    .select{background:#1e1f22;border-radius:4px;padding:8px 12px;margin:6px 0;display:flex;justify-content:space-between;color:#949ba4}
    .picture{max-width:100%;border-radius:6px;margin-top:8px;display:block} hr{border:0;border-top:1px solid #3f4147;margin:8px 0}
    h2{color:#949ba4}`
  return pageOf(
    style,
    isGallery,
    `<script type="application/json" id="data">${json}</script>`,
    `<script src="file://${bundle}"></script>`,
  )
}

function slackPage(data: object, isGallery: boolean): string {
  const file = join(folder, 'slack.json')
  writeFileSync(file, JSON.stringify(data))
  const body = execFileSync(process.execPath, [join(HERE, 'slack-page.mjs'), file], {
    ...{ encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, cwd: HERE },
  })
  const css = readFileSync(join(HERE, 'node_modules/slack-blocks-to-jsx/dist/style.css'), 'utf8')
  const style = `${css}
    body{background:#fff;color:#1d1c1d;font:15px/1.46 Lato,'Liberation Sans',sans-serif} .message{padding:12px 16px}
    .head{display:flex;align-items:center;gap:8px;margin-bottom:4px} .avatar{background:#1d3557;color:#fff;border-radius:4px;width:36px;height:36px;display:grid;place-items:center;font-weight:700}
    .app{background:#ddd;color:#616061;font-size:10px;font-weight:700;padding:1px 3px;border-radius:2px} .attachment{padding-left:10px;margin:8px 0;border-radius:2px}
    img{max-width:100%} h2{color:#616061}`
  const measure = `<script>document.documentElement.setAttribute('data-height', String(document.getElementById('page').scrollHeight))</script>`
  return pageOf(style, isGallery, '', measure, body)
}

function pageOf(style: string, isGallery: boolean, before: string, after: string, body = ''): string {
  const columns = isGallery ? 'columns:4;column-gap:12px' : ''
  return `<!doctype html><html><head><meta charset="utf-8"><style>${style}
    body{margin:0} #page{${columns};padding:${isGallery ? 12 : 4}px;box-sizing:border-box} section{break-inside:avoid;margin-bottom:12px;overflow:hidden}
    h2{font-size:13px;font-weight:600;margin:6px 8px 0}</style></head>
    <body>${before}<div id="page">${body}</div>${after}</body></html>`
}
