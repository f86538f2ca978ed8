// A Hono server that only answers OK: the baseline for the speed of the intake.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()
app.all('/ping/*', c => c.text('OK'))
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) }, () =>
  process.stdout.write('ready\n'),
)
