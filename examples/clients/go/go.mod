module example.com/vakt

go 1.21
