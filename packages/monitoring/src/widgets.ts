import type { Aggregation } from './condition.ts';

/** https://docs.cloud.google.com/monitoring/api/ref_dashboards/rest/v1/projects.dashboards */
export interface Dashboard {
  readonly displayName: string;
  readonly mosaicLayout: { readonly columns: number; readonly tiles: readonly Tile[] };
}

/** A widget and its place, in blocks of the grid. */
export interface Tile {
  readonly xPos: number;
  readonly yPos: number;
  readonly width: number;
  readonly height: number;
  readonly widget: Widget;
}

export type Widget =
  | ChartWidget
  | { readonly title: string; readonly text: { readonly format: 'MARKDOWN'; readonly content: string } }
  | {
      readonly title: string;
      readonly sectionHeader: { readonly subtitle: string };
    };
export type Threshold = ChartWidget['xyChart']['thresholds'][number];

export interface ChartWidget {
  readonly title: string;
  readonly xyChart: {
    readonly dataSets: readonly {
      readonly plotType: 'LINE';
      /** Names a line by its labels: `${metric.labels.route}`. */
      readonly legendTemplate: string;
      readonly timeSeriesQuery: { readonly timeSeriesFilter: Query };
    }[];
    /** Lines across the chart. */
    readonly thresholds: readonly { readonly label: string; readonly value: number }[];
    readonly yAxis: { readonly label: string };
  };
}

export interface Query {
  readonly filter: string;
  readonly aggregation: {
    /** Such as `60s`. */
    readonly alignmentPeriod: string;
    readonly perSeriesAligner: Aggregation['aligner'];
    readonly crossSeriesReducer: Aggregation['reducer'];
    readonly groupByFields: readonly string[];
  };
  readonly pickTimeSeriesFilter?: {
    readonly rankingMethod: 'METHOD_MAX';
    readonly numTimeSeries: number;
    readonly direction: 'TOP' | 'BOTTOM';
  };
}

/** Rows of widgets that share a width of twelve blocks; heights are in blocks. */
export function mosaic(
  rows: readonly { readonly height: number; readonly widgets: readonly Widget[] }[],
): Dashboard['mosaicLayout'] {
  const columns = 12;
  let yPos = 0;
  const tiles = rows.flatMap(({ height, widgets }) => {
    const [top, width] = [yPos, columns / widgets.length];
    yPos += height;
    return widgets.map((widget, index) => ({ xPos: index * width, yPos: top, width, height, widget }));
  });
  return { columns, tiles };
}
