// A status page as one file of HTML: no script, nothing loaded from elsewhere, light and dark, for phones and screen readers. Pure.
import { percent } from '../text.ts'
import { DAY, formatMoment } from '../time.ts'
import { escapeHtml } from './html-text.ts'
import {
  firstDay,
  pageHeading,
  SHOWN_DAYS,
  type ShownComponent,
  type ShownMaintenance,
  type ShownPage,
  STATE_NAMES,
} from './status-page.ts'

/** How often a browser loads the page again by itself, s. */
const REFRESH_SECONDS = 60
const BAR = { width: 4, step: 6, height: 28 }
/** From this share on a day is green; below the second it is red. */
const GOOD_DAY = 0.999
const BAD_DAY = 0.95

/** The style of the page; its hash is in the policy of the page. */
export const STYLE = `:root{color-scheme:light dark;--ink:#1f2328;--faint:#57606a;--line:#d0d7de;--back:#fff;--card:#f6f8fa;--good:#1a7f37;--some:#9a6700;--bad:#cf222e;--plan:#0969da;--none:#afb8c1}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#9198a1;--line:#30363d;--back:#0d1117;--card:#161b22;--good:#3fb950;--some:#d29922;--bad:#f85149;--plan:#58a6ff;--none:#484f58}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
main{max-width:46rem;margin:0 auto;padding:1.5rem 1rem 3rem}h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}p{margin:.4rem 0}
.faint{color:var(--faint);font-size:.9rem}.state{border:1px solid var(--line);border-left:.5rem solid var(--c);border-radius:.4rem;background:var(--card);padding:.8rem 1rem;margin:1rem 0}
.state strong{font-size:1.15rem}ul{list-style:none;margin:0;padding:0}.component{border:1px solid var(--line);border-radius:.4rem;padding:.8rem 1rem;margin:.6rem 0}
.head{display:flex;justify-content:space-between;gap:1rem;flex-wrap:wrap}.head span{color:var(--c);font-weight:600}svg{display:block;width:100%;height:auto;margin:.5rem 0 .2rem}
.ends{display:flex;justify-content:space-between}.operational,.u{--c:var(--good)}.degraded,.d{--c:var(--some)}.down,.x{--c:var(--bad)}.maintenance{--c:var(--plan)}.unknown,.n{--c:var(--none)}path,rect{fill:var(--c)}
details{font-size:.9rem;color:var(--faint)}summary{cursor:pointer}footer{margin-top:2rem}`

/** The page; times in `timeZone`, days in UTC. */
export function pageHtml(page: ShownPage, timeZone: string): string {
  const states = page.sections.flatMap(({ components }) => components.map(({ state }) => state))
  const time = (at: number) =>
    `<time datetime="${new Date(at).toISOString()}">${escapeHtml(formatMoment(at, timeZone))}</time>`
  const message =
    page.message === null
      ? ''
      : `<p>${escapeHtml(page.message.text).replaceAll('\n', '<br>')}</p>${page.message.at === null ? '' : `<p class="faint">${time(page.message.at)}</p>`}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="refresh" content="${REFRESH_SECONDS}"><title>${escapeHtml(page.title)}: ${STATE_NAMES[page.state].toLowerCase()}</title><link rel="alternate" type="application/json" href="${escapeHtml(page.slug)}.json"><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(page.title)}</h1>${page.about === '' ? '' : `<p class="faint">${escapeHtml(page.about)}</p>`}
<section class="state ${page.state}" aria-label="Now"><strong>${pageHeading(states)}</strong>${message}</section>
${maintenanceHtml(page.maintenance, time)}${page.sections.map(section => sectionHtml(section, page.updatedAt, time)).join('\n')}
<footer class="faint"><p>As of ${time(page.updatedAt)}. Days are in UTC. This page loads again every minute.</p></footer></main></body></html>
`
}

function maintenanceHtml(list: readonly ShownMaintenance[], time: (at: number) => string): string {
  if (list.length === 0) return ''
  const items = list.map(
    ({ from, until, isActive, components }) =>
      `<li class="state maintenance"><strong>${isActive ? 'Under way' : 'Planned'}</strong><p>${time(from)} to ${time(until)}: ${escapeHtml(components.join(', '))}</p></li>`,
  )
  return `<section><h2>Maintenance</h2><ul>${items.join('')}</ul></section>\n`
}

function sectionHtml(
  { name, components }: ShownPage['sections'][number],
  now: number,
  time: (at: number) => string,
): string {
  const heading = name === '' ? '<h2>Systems</h2>' : `<h2>${escapeHtml(name)}</h2>`
  return `<section>${heading}<ul>${components.map(component => componentHtml(component, now, time)).join('\n')}</ul></section>`
}

function componentHtml(component: ShownComponent, now: number, time: (at: number) => string): string {
  const { name, state, downSince, availability } = component
  const share = availability === null ? 'no data yet' : `${percent(availability)} available`
  const since = downSince === null ? '' : `<p class="faint">Since ${time(downSince)}.</p>`
  return `<li class="component ${state}"><div class="head"><h3>${escapeHtml(name)}</h3><span>${STATE_NAMES[state]}</span></div>${since}${barsSvg(component)}<div class="ends faint"><span>${SHOWN_DAYS} days ago</span><span>${share}</span><span>today</span></div>${badDaysHtml(component, now)}</li>`
}

/** One bar for each day. Those of one colour are one path, so that a page of many components stays small. */
function barsSvg({ name, days, availability }: ShownComponent): string {
  const groups = Map.groupBy(
    days.map((share, i) => ({ x: i * BAR.step, kind: dayKind(share) })),
    ({ kind }) => kind,
  )
  const paths = [...groups].map(
    ([kind, bars]) =>
      `<path class="${kind}" d="${bars.map(({ x }) => `M${x} 0h${BAR.width}v${BAR.height}h-${BAR.width}z`).join('')}"/>`,
  )
  const label = availability === null ? 'no data' : `${percent(availability)} available in the last ${SHOWN_DAYS} days`
  return `<svg viewBox="0 0 ${SHOWN_DAYS * BAR.step - BAR.step + BAR.width} ${BAR.height}" role="img" aria-label="${escapeHtml(name)}: ${label}">${paths.join('')}</svg>`
}

function badDaysHtml({ days }: ShownComponent, now: number): string {
  const first = firstDay(now)
  const bad = days
    .flatMap((share, i) => (share !== null && share < 1 ? [{ share, day: first + i * DAY }] : []))
    .reverse()
  if (bad.length === 0) return ''
  const rows = bad.map(({ share, day }) => `<li>${new Date(day).toISOString().slice(0, 10)}: ${percent(share)}</li>`)
  return `<details><summary>Days with an outage: ${bad.length}</summary><ul>${rows.join('')}</ul></details>`
}

function dayKind(share: number | null): 'n' | 'u' | 'd' | 'x' {
  if (share === null) return 'n'
  return share >= GOOD_DAY ? 'u' : share >= BAD_DAY ? 'd' : 'x'
}
