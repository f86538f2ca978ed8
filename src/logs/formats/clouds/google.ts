// Google Cloud Logging: texts, fields and audit entries.
import type { Fields, RecordFormat } from '../format.ts'

export const GOOGLE: readonly RecordFormat[] = [
  {
    kind: 'record',
    name: 'gcp-text',
    title: 'Google Cloud Logging with a text',
    names: ['textPayload'],
    isEnvelope: true,
    read: ({ textPayload, ...rest }: Fields) =>
      typeof textPayload === 'string' ? { ...readEntry(rest), message: textPayload } : null,
    examples: [
      {
        text: '{"severity":"ERROR","textPayload":"no stock","timestamp":"2026-11-29T10:00:01.123456789Z","resource":{"type":"cloud_run_revision","labels":{"service_name":"cart"}},"logName":"projects/shop/logs/run.googleapis.com%2Fstderr"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'cart',
        message: 'no stock',
        attributes: {
          resource: { type: 'cloud_run_revision', labels: { service_name: 'cart' } },
          logName: 'projects/shop/logs/run.googleapis.com%2Fstderr',
        },
      },
      {
        text: '{"severity":"DEFAULT","textPayload":"2026-11-29 10:00:00 ERROR no stock","timestamp":"2026-11-29T10:00:01Z","resource":{"type":"k8s_container","labels":{"container_name":"cart"}}}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'cart',
        message: 'ERROR no stock',
        attributes: { resource: { type: 'k8s_container', labels: { container_name: 'cart' } } },
      },
    ],
  },
  {
    kind: 'record',
    name: 'gcp-json',
    title: 'Google Cloud Logging with fields',
    names: ['jsonPayload'],
    read: ({ jsonPayload, ...rest }: Fields) =>
      typeof jsonPayload === 'object' && jsonPayload !== null ? { ...readEntry(rest), ...jsonPayload } : null,
    examples: [
      {
        text: '{"severity":"WARNING","jsonPayload":{"message":"slow","cart":7},"timestamp":"2026-11-29T10:00:01Z","resource":{"labels":{"container_name":"cart"}},"insertId":"x"}',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'cart',
        message: 'slow',
        attributes: { resource: { labels: { container_name: 'cart' } }, insertId: 'x', cart: 7 },
      },
    ],
  },
  {
    kind: 'record',
    name: 'gcp-audit',
    title: 'audit logs of Google Cloud',
    names: ['protoPayload'],
    read: readProto,
    examples: [
      {
        text: '{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"compute.googleapis.com","methodName":"v1.compute.instances.delete","status":{"code":7,"message":"PERMISSION_DENIED"}},"severity":"ERROR","timestamp":"2026-11-29T10:00:01Z"}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'compute.googleapis.com',
        message: 'v1.compute.instances.delete: PERMISSION_DENIED',
        attributes: {
          audit: {
            '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
            serviceName: 'compute.googleapis.com',
            methodName: 'v1.compute.instances.delete',
            status: { code: 7, message: 'PERMISSION_DENIED' },
          },
        },
      },
      {
        text: '{"protoPayload":{"serviceName":"storage.googleapis.com","methodName":"storage.objects.get"},"severity":"INFO","timestamp":"2026-11-29T10:00:01Z"}',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'storage.googleapis.com',
        message: 'storage.objects.get',
        attributes: { audit: { serviceName: 'storage.googleapis.com', methodName: 'storage.objects.get' } },
      },
    ],
  },
]

/** The source by the labels of the resource; DEFAULT is the severity of what a program only printed. */
function readEntry({ severity, ...rest }: Fields): Fields {
  const labels = objectOf(objectOf(rest.resource).labels)
  const source =
    labels.container_name ?? labels.service_name ?? labels.function_name ?? labels.module_id ?? labels.job_name
  return {
    ...rest,
    ...(severity === undefined || severity === 'DEFAULT' ? {} : { severity }),
    ...(source === undefined ? {} : { source }),
  }
}

function readProto(record: Fields): Fields | null {
  const { protoPayload, ...rest } = record
  const { methodName, serviceName, status } = objectOf(protoPayload)
  if (typeof methodName !== 'string') return null
  const failure = objectOf(status).message
  const message = failure === undefined || failure === '' ? methodName : `${methodName}: ${failure}`
  return { ...readEntry(rest), audit: protoPayload, source: serviceName, message }
}

/** The value when it is an object, and an empty one otherwise. */
export function objectOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
