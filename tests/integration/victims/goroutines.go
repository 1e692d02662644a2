// SPDX-License-Identifier: MIT

// goroutines NODE GOROUTINES ROUNDS
//
// Allocates with raw system calls on the small, movable stacks of goroutines, while the runtime
// collects garbage and preempts them with signals.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"unsafe"
)

const (
	allocate = 0xc0184800
	pageSize = 4096
)

type request struct {
	len       uint64
	fd        uint32
	fdFlags   uint32
	heapFlags uint64
}

func fail(what string, err error) {
	fmt.Println("failed:", what, err)
	os.Exit(1)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		fail("number", err)
	}
	return value
}

func allocateOnce(heap int, pages int) int {
	data := request{len: uint64(pages * pageSize), fdFlags: syscall.O_RDWR | syscall.O_CLOEXEC}
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(heap), allocate,
		uintptr(unsafe.Pointer(&data)))
	if errno != 0 {
		fail("ioctl", errno)
	}
	return int(data.fd)
}

// Grows the stack and leaves garbage, so that stacks are moved between the allocations.
func disturb(depth int) int {
	garbage := make([]byte, 1024)
	if depth == 0 {
		return len(garbage)
	}
	return disturb(depth-1) + int(garbage[depth%1024])
}

func prove(buffer int, pages int) {
	var status syscall.Stat_t
	if err := syscall.Fstat(buffer, &status); err != nil || status.Size != int64(pages*pageSize) {
		fail("the descriptor is of another buffer", err)
	}
	memory, err := syscall.Mmap(buffer, 0, pages*pageSize, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_SHARED)
	if err != nil {
		fail("mmap", err)
	}
	memory[0] = byte(pages)
	syscall.Munmap(memory)
}

func main() {
	if len(os.Args) != 4 {
		fail("usage: goroutines NODE GOROUTINES ROUNDS", nil)
	}
	heap, err := syscall.Open(os.Args[1], syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		fail(os.Args[1], err)
	}

	var all sync.WaitGroup
	for index := 1; index <= number(os.Args[2]); index++ {
		all.Add(1)
		go func(pages int) {
			defer all.Done()
			for round := 0; round < number(os.Args[3]); round++ {
				buffer := allocateOnce(heap, pages)
				prove(buffer, pages)
				disturb(round % 50)
				syscall.Close(buffer)
			}
		}(index)
	}
	all.Wait()
	runtime.GC()
	fmt.Println("ok")
}
