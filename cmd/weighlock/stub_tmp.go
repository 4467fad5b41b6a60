package main

import "github.com/spf13/cobra"

func (c *cli) demoCommand() *cobra.Command    { return &cobra.Command{Use: "demo"} }
func (c *cli) inboxCommand() *cobra.Command   { return &cobra.Command{Use: "inbox"} }
func (c *cli) showCommand() *cobra.Command    { return &cobra.Command{Use: "show"} }
func (c *cli) approveCommand() *cobra.Command { return &cobra.Command{Use: "approve"} }
func (c *cli) rejectCommand() *cobra.Command  { return &cobra.Command{Use: "reject"} }
