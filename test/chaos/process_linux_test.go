package chaos_test

import "syscall"

// dieWithUs has Linux kill a program together with this test, however that ends.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
