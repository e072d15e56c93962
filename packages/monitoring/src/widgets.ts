/** https://docs.cloud.google.com/monitoring/api/ref_dashboards/rest/v1/projects.dashboards */
export interface Dashboard {
  readonly displayName: string;
  readonly mosaicLayout: { readonly columns: number; readonly tiles: readonly Tile[] };
}

/** In blocks of the grid. */
export interface Tile {
  readonly xPos: number;
  readonly yPos: number;
  readonly width: number;
  readonly height: number;
  readonly widget: Widget;
}

export type Widget = ChartWidget | TextWidget | SectionWidget;

export interface ChartWidget {
  readonly title: string;
  readonly xyChart: {
    readonly dataSets: readonly DataSet[];
    readonly thresholds: readonly Threshold[];
    readonly yAxis: { readonly label: string };
  };
}

export interface TextWidget {
  readonly title: string;
  readonly text: { readonly format: 'MARKDOWN'; readonly content: string };
}

export interface SectionWidget {
  readonly title: string;
  readonly sectionHeader: { readonly subtitle: string; readonly dividerBelow: boolean };
}

export interface DataSet {
  readonly plotType: 'LINE';
  /** Names a line by its labels: `${metric.labels.route}`. */
  readonly legendTemplate: string;
  readonly timeSeriesQuery: { readonly timeSeriesFilter: Query };
}

/** A line across the chart. */
export interface Threshold {
  readonly label: string;
  readonly value: number;
}

export interface Query {
  readonly filter: string;
  readonly aggregation: {
    /** `60s` */
    readonly alignmentPeriod: string;
    readonly perSeriesAligner:
      | 'ALIGN_RATE'
      | 'ALIGN_DELTA'
      | 'ALIGN_MAX'
      | 'ALIGN_MEAN'
      | 'ALIGN_PERCENTILE_99';
    readonly crossSeriesReducer: 'REDUCE_SUM' | 'REDUCE_MAX';
    readonly groupByFields: readonly string[];
  };
  readonly pickTimeSeriesFilter?: {
    readonly rankingMethod: 'METHOD_MAX';
    readonly numTimeSeries: number;
    readonly direction: 'TOP' | 'BOTTOM';
  };
}

/** Rows of widgets that share a width of twelve blocks, each row as high as it says. */
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
