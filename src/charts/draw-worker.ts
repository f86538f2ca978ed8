// The worker that draws: ECharts to SVG, resvg to PNG, with a bundled font so that every machine draws the same.
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { Resvg } from '@resvg/resvg-js'
import { init } from 'echarts'
import { chartOption, SIZE, type TimeChart } from './time-chart.ts'

const require = createRequire(import.meta.url)
const FONTS = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map(name => require.resolve(`dejavu-fonts-ttf/ttf/${name}`))

parentPort!.on('message', ({ id, chart }: { id: number; chart: TimeChart }) => {
  try {
    parentPort!.postMessage({ id, png: draw(chart) })
  } catch (error) {
    parentPort!.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
})

function draw(chart: TimeChart): Uint8Array {
  const canvas = init(null, null, { renderer: 'svg', ssr: true, ...SIZE })
  canvas.setOption(chartOption(chart))
  const svg = canvas.renderToSVGString()
  canvas.dispose()
  const font = { fontFiles: FONTS, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' }
  return new Resvg(svg, { font, fitTo: { mode: 'width', value: SIZE.width } }).render().asPng()
}
