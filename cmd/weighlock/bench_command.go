package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/bench"
)

func (c *cli) benchCommand() *cobra.Command {
	o := bench.Options{Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	var profile string
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure throughput and latency beside the raw ceilings of the same run",
		Long: `Sends low-risk actions through all services at the default policy, on a fresh pipeline in a
temporary directory, and measures beside it, in the same run on the same server, what is
possible without Weighlock: (a) without the audit, three durable stores over three streams
with the same payload and no logic; (b) with it, the same beside a plain batch insert of as
many rows of the same size into the same engine. A ratio of 1 would be free.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if profile != "" {
				stop, err := startProfile(profile)
				if err != nil {
					return err
				}
				defer stop()
			}
			r, err := bench.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), r)
			}
			return table(cmd.OutOrStdout(), []string{"", "WEIGHLOCK", "RAW", "RATIO"}, [][]string{
				{"actions/s", fmt.Sprint(r.ActionsPerS), fmt.Sprint(r.RawPerS), fmt.Sprint(r.Ratio)},
				{"actions/s with audit", fmt.Sprint(r.ActionsPerSAudit), fmt.Sprint(r.RawPerSAudit), fmt.Sprint(r.RatioAudit)},
				{fmt.Sprintf("p50 ms at %.0f/s", r.Rate), fmt.Sprint(r.P50), fmt.Sprint(r.RawP50), fmt.Sprintf("%.2f", r.P50/r.RawP50)},
				{"p99 ms", fmt.Sprint(r.P99), fmt.Sprint(r.RawP99), fmt.Sprintf("%.2f", r.P99/r.RawP99)},
				{"p99.9 ms", fmt.Sprint(r.P999), fmt.Sprint(r.RawP999), fmt.Sprintf("%.2f", r.P999/r.RawP999)},
				{"CPU µs/action", fmt.Sprint(r.CPUPerAction), fmt.Sprint(r.RawCPUPerAction), fmt.Sprintf("%.2f", r.CPUPerAction/r.RawCPUPerAction)},
				{"with audit and engine", fmt.Sprint(r.CPUPerActionAudit), fmt.Sprint(r.RawCPUPerActionAudit), fmt.Sprintf("%.2f", r.CPUPerActionAudit/r.RawCPUPerActionAudit)},
			})
		},
	}
	flags := command.Flags()
	flags.IntVar(&o.Actions, "actions", 100_000, "`number` of actions of each throughput run")
	flags.Float64Var(&o.Rate, "rate", 500, "actions per `second` of the latency runs")
	flags.Float64Var(&o.Seconds, "seconds", 10, "length of each latency run")
	flags.IntVar(&o.Agents, "agents", 4, "`number` of agents that propose at once")
	flags.StringVar(&profile, "cpuprofile", "", "write a CPU profile of the whole run to this `file`")
	flags.BoolVar(&o.OnlyPipeline, "only-pipeline", false, "measure the pipeline without the audit and nothing else, for profiles")
	flags.BoolVar(&o.OnlyAudit, "only-audit", false, "measure the pipeline with the audit and nothing else, for profiles")
	command.MarkFlagsMutuallyExclusive("only-pipeline", "only-audit")
	flags.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "give up after this `time`")
	return command
}

func startProfile(name string) (stop func(), err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}
