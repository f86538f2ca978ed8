// The worker that draws charts: ECharts makes SVG, resvg makes PNG, with a bundled font so that every machine draws the same.
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { Resvg } from '@resvg/resvg-js'
import { errorMessage } from '../text.ts'
import { chartOption, PIXEL_RATIO, SIZE, type TimeChart } from './time-chart.ts'

const require = createRequire(import.meta.url)
// One minified file, with lines and bars and little else: hundreds of modules take 10 to 30 MB more, the whole of ECharts 12.
const { init, setPlatformAPI }: typeof import('echarts') = require('echarts/dist/echarts.common.min.js')
const FONT_FILES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map(name =>
  require.resolve(`dejavu-fonts-ttf/ttf/${name}`),
)

/** The average width of Latin letters and digits in DejaVu Sans, em. Other characters count as a whole em. */
const LATIN_WIDTH = 0.63

// Without a canvas ECharts assumes a narrower font, and texts overlap. It takes the width of a wide character as line height.
setPlatformAPI({
  measureText(text, font = '12px') {
    const size = Number(/(\d+)px/.exec(font)?.[1] ?? 12)
    const latin = text.replace(/[^\u0020-\u024f]/g, '').length
    return { width: size * (latin * LATIN_WIDTH + text.length - latin) }
  },
})

parentPort!.on('message', ({ id, chart }: { id: number; chart: TimeChart }) => {
  try {
    parentPort!.postMessage({ id, png: draw(chart) })
  } catch (error) {
    parentPort!.postMessage({ id, error: errorMessage(error) })
  }
})

function draw(chart: TimeChart): Uint8Array {
  const canvas = init(null, null, { renderer: 'svg', ssr: true, ...SIZE })
  canvas.setOption(chartOption(chart))
  const svg = canvas.renderToSVGString()
  canvas.dispose()
  const font = { fontFiles: FONT_FILES, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' }
  return new Resvg(svg, { font, fitTo: { mode: 'width', value: SIZE.width * PIXEL_RATIO } }).render().asPng()
}
