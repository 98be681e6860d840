#separator \x09
#set_separator	,
#empty_field	(empty)
#unset_field	-
#path	dnp3
#open	2023-11-14-22-13-20
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	fc_request	fc_reply	iin	gridtap_capture	gridtap_packet	gridtap_request_packet	gridtap_status	gridtap_lost	gridtap_uncertain	gridtap_source	gridtap_destination
#types	time	string	addr	port	addr	port	string	string	count	string	count	count	string	count	bool	count	count
1700000000.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	READ	RESPONSE	32768	-	5	4	ok	0	F	10	1
1700000000.400000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	WRITE	RESPONSE	0	-	7	6	ok	0	F	10	1
1700000000.600000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	READ	RESPONSE	512	-	9	8	ok	0	F	10	1
1700000000.900000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	READ	RESPONSE	0	-	12	11	ok	0	F	10	1
1700000001.100000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	SELECT	RESPONSE	0	-	14	13	ok	0	F	10	1
1700000001.300000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	OPERATE	RESPONSE	0	-	16	15	ok	0	F	10	1
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	DIRECT_OPERATE	RESPONSE	0	-	18	17	ok	0	F	10	1
1700000001.800000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	DELAY_MEASURE	RESPONSE	0	-	21	20	ok	0	F	10	1
1700000002.000000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	WRITE	RESPONSE	0	-	23	22	ok	0	F	10	1
1700000002.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	DISABLE_UNSOLICITED	RESPONSE	0	-	25	24	ok	0	F	10	1
1700000002.400000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	ENABLE_UNSOLICITED	RESPONSE	0	-	27	26	ok	0	F	10	1
1700000002.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	-	UNSOLICITED_RESPONSE	512	-	28	-	ok	0	F	10	1
1700000002.800000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	COLD_RESTART	RESPONSE	0	-	31	30	ok	0	F	10	1
1700000003.000000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	WARM_RESTART	RESPONSE	1	-	33	32	ok	0	F	10	1
1700000003.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	READ	RESPONSE	2	-	35	34	ok	0	F	10	1
1700000001.600000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	DIRECT_OPERATE_NR	-	-	-	19	-	ok	0	F	1	10
#close	2023-11-14-22-13-21
#separator \x09
#set_separator	,
#empty_field	(empty)
#unset_field	-
#path	dnp3_control
#open	2023-11-14-22-13-21
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	is_orig	source_h	source_p	destination_h	destination_p	block_type	function_code	index_number	trip_control_code	operation_type	clear_bit	execute_count	on_time	off_time	status_code	gridtap_capture	gridtap_packet	gridtap_request_packet	gridtap_status	gridtap_lost	gridtap_uncertain	gridtap_source	gridtap_destination	gridtap_value
#types	time	string	addr	port	addr	port	bool	addr	port	addr	port	string	string	count	string	string	bool	count	count	count	string	string	count	count	string	count	bool	count	count	double
1700000001.000000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	Control Relay Output Block	SELECT	3	Trip	Pulse On	F	1	100	0	-	-	13	-	ok	0	F	1	10	-
1700000001.100000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	Control Relay Output Block	RESPONSE	3	Trip	Pulse On	F	1	100	0	Success	-	14	13	ok	0	F	10	1	-
1700000001.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	Control Relay Output Block	OPERATE	3	Trip	Pulse On	F	1	100	0	-	-	15	-	ok	0	F	1	10	-
1700000001.300000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	Control Relay Output Block	RESPONSE	3	Trip	Pulse On	F	1	100	0	Success	-	16	15	ok	0	F	10	1	-
1700000001.400000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	Analog Output Block	DIRECT_OPERATE	700	-	-	-	-	-	-	-	-	17	-	ok	0	F	1	10	-5
1700000001.400000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	Analog Output Block	DIRECT_OPERATE	700	-	-	-	-	-	-	-	-	17	-	ok	0	F	1	10	5
1700000001.400000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	Analog Output Block	DIRECT_OPERATE	700	-	-	-	-	-	-	-	-	17	-	ok	0	F	1	10	0.5
1700000001.400000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	Analog Output Block	DIRECT_OPERATE	700	-	-	-	-	-	-	-	-	17	-	ok	0	F	1	10	-0.5
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	Analog Output Block	RESPONSE	700	-	-	-	-	-	-	Success	-	18	17	ok	0	F	10	1	-5
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	Analog Output Block	RESPONSE	700	-	-	-	-	-	-	Success	-	18	17	ok	0	F	10	1	5
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	Analog Output Block	RESPONSE	700	-	-	-	-	-	-	Success	-	18	17	ok	0	F	10	1	0.5
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	Analog Output Block	RESPONSE	700	-	-	-	-	-	-	Success	-	18	17	ok	0	F	10	1	-0.5
1700000001.600000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	Control Relay Output Block	DIRECT_OPERATE_NR	300	Nul	Latch On	F	1	0	0	-	-	19	-	ok	0	F	1	10	-
#close	2023-11-14-22-13-21
#separator \x09
#set_separator	,
#empty_field	(empty)
#unset_field	-
#path	dnp3_objects
#open	2023-11-14-22-13-20
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	is_orig	source_h	source_p	destination_h	destination_p	function_code	object_type	object_count	range_low	range_high	gridtap_capture	gridtap_packet	gridtap_request_packet	gridtap_status	gridtap_lost	gridtap_uncertain	gridtap_source	gridtap_destination
#types	time	string	addr	port	addr	port	bool	addr	port	addr	port	string	string	count	count	count	string	count	count	string	count	bool	count	count
1700000000.100000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	Class 1 Data	-	-	-	-	4	-	ok	0	F	1	10
1700000000.100000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	Class 2 Data	-	-	-	-	4	-	ok	0	F	1	10
1700000000.100000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	Class 3 Data	-	-	-	-	4	-	ok	0	F	1	10
1700000000.100000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	Class 0 Data	-	-	-	-	4	-	ok	0	F	1	10
1700000000.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	Binary Input With Status	3	0	2	-	5	4	ok	0	F	10	1
1700000000.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	Binary Output Status	1	0	0	-	5	4	ok	0	F	10	1
1700000000.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	32-Bit Binary Counter	1	4	4	-	5	4	ok	0	F	10	1
1700000000.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	32-Bit Analog Input	2	0	1	-	5	4	ok	0	F	10	1
1700000000.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	32-Bit Analog Output Status	1	2	2	-	5	4	ok	0	F	10	1
1700000000.200000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	Binary Output	3	0	2	-	5	4	ok	0	F	10	1
1700000000.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	Class 1 Data	-	-	-	-	8	-	ok	0	F	1	10
1700000000.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	Class 2 Data	-	-	-	-	8	-	ok	0	F	1	10
1700000000.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	Class 3 Data	-	-	-	-	8	-	ok	0	F	1	10
1700000000.600000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	Binary Input Change With Time	2	2	0	-	9	8	ok	0	F	10	1
1700000000.600000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	32-Bit Analog Change Event w/ Time	1	1	0	-	9	8	ok	0	F	10	1
1700000000.800000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	32-Bit Analog Input	-	-	-	-	11	-	ok	0	F	1	10
1700000000.900000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	32-Bit Analog Input	100	0	99	-	12	11	ok	0	F	10	1
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	32-Bit Analog Output Block	1	1	0	-	18	17	ok	0	F	10	1
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	16-Bit Analog Output Block	1	1	0	-	18	17	ok	0	F	10	1
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	32-Bit Floating Point Output Block	1	1	0	-	18	17	ok	0	F	10	1
1700000001.500000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	F	10.0.0.22	20000	10.0.0.21	49152	RESPONSE	64-Bit Floating Point Output Block	1	1	0	-	18	17	ok	0	F	10	1
1700000003.100000	C4O6bxdg2v0fFlZuQl	10.0.0.21	49152	10.0.0.22	20000	T	10.0.0.21	49152	10.0.0.22	20000	READ	Class 1 Data	-	-	-	-	34	-	unsupported	0	F	1	10
#close	2023-11-14-22-13-23
