import { AsyncLocalStorage } from 'node:async_hooks'
import type { Context, Span } from '@opentelemetry/api'
import type { Config } from './config/load.js'
import { version } from './version.js'

/** Ends a span. With an error it is marked as failed; the message may hold values, so only the code is kept. */
export type EndSpan = (error?: unknown) => void

/** Begins the span of a statement, in the trace that this is a part of; nothing outside of one. */
export type StartSpan = (name: string) => EndSpan

/**
 * Does what no request waits for, as a trace of its own. `facts` become attributes, so they hold no address.
 * `fail` marks the trace as failed, with a word or two.
 */
export type Trace = <Result>(
  name: string,
  facts: Readonly<Record<string, string | number>>,
  work: (fail: (type: string) => void) => Promise<Result>
) => Promise<Result>

export const untraced: Trace = (_name, _facts, work) => work(() => {})

/** The span of one request. */
export type RequestSpan = {
  /** Runs `work`, and all that follows from it, as a part of this request. */
  run(work: () => void): void
  end(status: number): void
}

export type Tracing = {
  readonly start: StartSpan
  readonly trace: Trace
  /** Begins the span of a request, in the trace that its headers name. */
  startRequest(
    request: { readonly method: string; readonly route: string },
    headers: Readonly<Record<string, unknown>>
  ): RequestSpan
  /** The ids that join a line of the log with its trace. */
  ids(): { readonly trace_id?: string; readonly span_id?: string }
  /** Sends what is left. */
  close(): Promise<void>
}

type TracingConfig = Pick<
  Config,
  'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_EXPORTER_OTLP_HEADERS' | 'OTEL_SERVICE_NAME'
>

const exportMs = 2000
const none: EndSpan = () => {}

/**
 * Traces requests, what the outboxes send, and their statements by OpenTelemetry, if `OTEL_EXPORTER_OTLP_ENDPOINT` is set. Else it is
 * null, and the SDK is not loaded. Spans hold names of routes and statements, never URLs or values.
 */
export async function openTracing(config: TracingConfig): Promise<Tracing | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: name } = config
  if (endpoint === null) return null
  const [api, core, sdk, { OTLPTraceExporter }, { defaultResource, resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources')
    ])
  const { SpanKind, SpanStatusCode } = api
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: { ...config.OTEL_EXPORTER_OTLP_HEADERS },
    timeoutMillis: exportMs
  })
  const own = resourceFromAttributes({ 'service.name': name, 'service.version': version })
  const provider = new sdk.BasicTracerProvider({
    resource: defaultResource().merge(own),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)]
  })
  const tracer = provider.getTracer('postern', version)
  const propagator = new core.W3CTraceContextPropagator()
  const current = new AsyncLocalStorage<Context>()

  function fail(span: Span, type: string) {
    span.setAttribute('error.type', type)
    span.setStatus({ code: SpanStatusCode.ERROR })
  }

  return {
    start(statement) {
      const parent = current.getStore()
      if (parent === undefined) return none
      const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': statement }
      const span = tracer.startSpan(statement, { kind: SpanKind.CLIENT, attributes }, parent)
      return error => {
        if (error) fail(span, typeOf(error))
        span.end()
      }
    },
    async trace(workName, facts, work) {
      const attributes = Object.fromEntries(
        Object.entries(facts).map(([fact, value]) => [`postern.${fact}`, value])
      )
      const options = { kind: SpanKind.CLIENT, attributes }
      const span = tracer.startSpan(workName, options, api.ROOT_CONTEXT)
      const context = api.trace.setSpan(api.ROOT_CONTEXT, span)
      return current.run(context, () => work(type => fail(span, type))).finally(() => span.end())
    },
    startRequest({ method, route }, headers) {
      const remote = propagator.extract(api.ROOT_CONTEXT, headers, api.defaultTextMapGetter)
      const attributes = { 'http.request.method': method, 'http.route': route }
      const span = tracer.startSpan(
        `${method} ${route}`,
        { kind: SpanKind.SERVER, attributes },
        remote
      )
      const context = api.trace.setSpan(remote, span)
      return {
        run: work => current.run(context, work),
        end(status) {
          span.setAttribute('http.response.status_code', status)
          if (status >= 500) fail(span, String(status))
          span.end()
        }
      }
    },
    ids() {
      const context = current.getStore()
      const at = context && api.trace.getSpanContext(context)
      return at === undefined ? {} : { trace_id: at.traceId, span_id: at.spanId }
    },
    close: () => provider.shutdown().catch(() => {})
  }
}

const typeOf = (error: unknown): string => {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  return String(code ?? name ?? 'error')
}
