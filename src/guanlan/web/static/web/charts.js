// Draws every [data-chart]: the specification is the JSON in the script element it names.
// Colours are names of CSS tokens; a click on a point with a link opens the list behind it;
// the buttons beside a title, and the wheel with Ctrl held, zoom along the categories.
(function () {
  "use strict";
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  function colour(token) {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  }
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });

  function axis(title, extra) {
    return Object.assign({
      name: title || "",
      nameTextStyle: { color: colour("--ink-3"), fontSize: 12, padding: 0 },
      axisLine: { lineStyle: { color: colour("--line-strong") } },
      axisTick: { show: false },
      axisLabel: { color: colour("--ink-3"), fontSize: 12, hideOverlap: true },
      splitLine: { lineStyle: { color: colour("--line") } },
    }, extra);
  }
  function option(spec, narrow) {
    const legend = spec.series.length > 1 && !spec.plain;
    const named = spec.y && !spec.across;
    const points = spec.points === true;
    const scale = spec.scale === "log" ? "log" : "value";
    const value = axis(spec.y, {
      type: scale, min: spec.min, max: spec.max, nameGap: 10,
      nameTextStyle: { color: colour("--ink-3"), fontSize: 12, align: "left" },
      axisLine: { show: false }, splitNumber: 4, interval: spec.step || (spec.max === 1 ? 0.2 : undefined), minInterval: spec.whole ? 1 : undefined,
    });
    value.axisLabel.formatter = (v) => (Math.abs(v) >= 10000 ? short : number).format(v);
    const category = points
      ? axis(spec.xTitle, { type: spec.xScale === "log" ? "log" : "value", min: spec.xMin, max: spec.xMax, splitLine: { show: false }, nameLocation: "middle", nameGap: 26 })
      : axis(spec.across ? "" : spec.xTitle, { type: "category", data: spec.x, inverse: spec.across === true, splitLine: { show: false }, nameLocation: "middle", nameGap: 26 });
    if (spec.across) {
      value.axisLine = { show: false };
      category.axisLabel.width = narrow ? 96 : 190;
      category.axisLabel.overflow = "truncate";
    }
    const series = spec.series.map((one) => {
      const drawn = {
        name: one.name, type: one.type || spec.kind || "bar",
        itemStyle: { color: colour(one.token) }, color: colour(one.token),
        lineStyle: { color: colour(one.token), width: one.dashed ? 1.2 : 1.8, type: one.dashed ? "dashed" : "solid" },
        showSymbol: one.symbol === true, symbolSize: one.type === "scatter" ? 11 : 5, connectNulls: false,
        emphasis: { disabled: true }, barMaxWidth: 26, barCategoryGap: "28%", cursor: spec.links ? "pointer" : "default",
      };
      drawn.data = one.tokens
        ? one.data.map((value, index) => ({ value, itemStyle: { color: colour(one.tokens[index]) } }))
        : one.data;
      if (spec.stack) drawn.stack = "all";
      if (one.step) drawn.step = "end";
      return drawn;
    });
    const [valueAxis, categoryAxis] = spec.across ? ["xAxis", "yAxis"] : ["yAxis", "xAxis"];
    if (spec.marks && series.length) {
      series[0].markLine = {
        silent: true, symbol: "none", animation: false,
        lineStyle: { color: colour("--ink-3"), type: "dashed" },
        label: { color: colour("--ink-2"), formatter: "{b}", position: "insideEndTop" },
        // Upright beside its line: turned with it, characters of Chinese lie on their backs.
        data: spec.marks.map((mark) => mark.y === null ? { name: mark.name, [categoryAxis]: mark.x, label: { rotate: 0, align: "left", padding: [0, 0, 0, 4] } } : { name: mark.name, [valueAxis]: mark.y }),
      };
    }
    if (spec.bands && series.length) {
      const edge = (at) => (at === null ? {} : { [valueAxis]: at });
      series[0].markArea = {
        silent: true, animation: false,
        label: { color: colour("--ink-2"), position: "insideTopRight", fontSize: 12 },
        data: spec.bands.map((band) => [
          Object.assign({ name: band.name, itemStyle: { color: colour(band.token), opacity: 0.1 } }, edge(band.low)),
          edge(band.high),
        ]),
      };
    }
    const title = spec.xTitle || spec.y;
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.documentElement).fontFamily },
      grid: { left: 4, right: spec.across ? 28 : 14, top: narrow && legend && named ? 56 : named || legend ? 34 : 12, bottom: spec.xTitle && !spec.across ? 24 : 4, containLabel: true },
      legend: legend
        ? { type: narrow ? "scroll" : "plain", pageIconColor: colour("--ink-2"), pageIconInactiveColor: colour("--line-strong"), pageIconSize: 11, pageTextStyle: { color: colour("--ink-3") }, left: narrow ? 0 : "auto", right: 0, top: 0, itemWidth: 10, itemHeight: 10, icon: "rect", textStyle: { color: colour("--ink-2"), fontSize: 12 } }
        : { show: false },
      tooltip: {
        trigger: points ? "item" : "axis", renderMode: "richText", confine: true,
        backgroundColor: colour("--surface"), borderColor: colour("--line-strong"),
        textStyle: { color: colour("--ink"), fontSize: 12 },
        axisPointer: { type: spec.kind === "line" ? "line" : "shadow", lineStyle: { color: colour("--line-strong") }, shadowStyle: { color: colour("--raised"), opacity: 0.6 } },
        formatter: points
          ? (p) => `${p.seriesName}\n${title}: ${number.format(p.value[0])}\n${spec.y}: ${number.format(p.value[1])}`
          : undefined,
        valueFormatter: (v) => (v === null || v === undefined ? "—" : number.format(v) + (spec.unit ? " " + spec.unit : "")),
      },
      dataZoom: spec.zoom
        ? [{ type: "inside", [spec.across ? "yAxisIndex" : "xAxisIndex"]: 0, zoomOnMouseWheel: "ctrl", moveOnMouseMove: false, moveOnMouseWheel: false, preventDefaultMouseMove: false }]
        : undefined,
      xAxis: spec.across ? value : category,
      yAxis: spec.across ? category : value,
      series,
    };
  }
  function zoom(chart, how) {
    const { start, end } = chart.getOption().dataZoom[0];
    const middle = (start + end) / 2;
    const half = how === "all" ? 50 : ((end - start) / 2) * (how === "in" ? 0.5 : 2);
    const left = Math.max(0, Math.min(middle - half, 100 - 2 * half));
    chart.dispatchAction({ type: "dataZoom", start: left, end: Math.min(100, left + 2 * half) });
  }
  const drawn = new Map();
  function draw(place) {
    const source = document.getElementById(place.dataset.chart);
    if (!source) return;
    const spec = JSON.parse(source.textContent);
    const old = drawn.get(place);
    if (old) old.dispose();
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption(option(spec, place.clientWidth < 480));
    if (spec.links) {
      chart.getZr().on("click", (event) => {
        const at = [event.offsetX, event.offsetY];
        if (!chart.containPixel("grid", at)) return;
        const found = chart.convertFromPixel({ seriesIndex: 0 }, at);
        const index = Math.round(spec.across ? found[1] : found[0]);
        if (spec.links[index]) location.href = spec.links[index];
      });
    }
    drawn.set(place, chart);
    const buttons = place.parentNode.querySelector(".zoom");
    if (buttons && spec.zoom) buttons.hidden = false;
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) zoom(drawn.get(button.closest(".chart-card").querySelector("[data-chart]")), button.dataset.zoom);
  });
  function all(root) {
    for (const place of root.querySelectorAll("[data-chart]")) draw(place);
    for (const [place, chart] of drawn) {
      if (!place.isConnected) { chart.dispose(); drawn.delete(place); }
    }
  }
  all(document);
  document.addEventListener("themechange", () => all(document));
  // Paper is light whatever the screen is; a chart's colours are set when it is drawn.
  const root = document.documentElement;
  let theme;
  addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    all(document);
  });
  addEventListener("afterprint", () => {
    if (theme === undefined) delete root.dataset.theme;
    else root.dataset.theme = theme;
    all(document);
  });
  document.addEventListener("htmx:afterSettle", (event) => all(event.target.parentNode || document));
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => drawn.forEach((chart) => chart.resize()));
  });
})();
